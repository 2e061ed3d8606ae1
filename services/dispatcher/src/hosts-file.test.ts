import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { PRESETS } from '@switchyard/core'
import { describeProblems } from '@switchyard/platform'
import { HostsFileError, loadHosts, parseHosts } from './hosts-file.ts'
import { HOST_KEYS } from './parse-host.ts'

const EXAMPLE = fileURLToPath(new URL('../../../hosts.example.yaml', import.meta.url))
const KEY = `SHA256:${'A'.repeat(43)}`

function problemsOf(text: string): string[] {
  const parsed = parseHosts(text, '/home/me')
  return parsed.ok ? [] : describeProblems('hosts.yaml', parsed.problems).split('\n')
}

describe('the hosts file', () => {
  it('reads a host with nothing but what is required', () => {
    const text = `hosts: [{id: a, address: a.example, user: me, host_key_sha256: '${KEY}', command: [agent]}]`
    expect(parseHosts(text, '/home/me')).toEqual({
      ok: true,
      hosts: [
        {
          id: 'a',
          address: 'a.example',
          port: 22,
          user: 'me',
          privateKeyPath: null,
          privateKeyPassphraseVariable: null,
          passwordVariable: null,
          proxyJump: null,
          hostKeySha256: KEY,
          labels: [],
          maxConcurrent: 1,
          command: ['agent'],
          workdir: null,
          env: {},
          timeoutSeconds: 3600,
          paused: null,
        },
      ],
    })
  })

  it('reads every key, expands ~ and brings labels to one spelling', () => {
    const text = `
hosts:
  - id: a
    address: 127.0.0.1
    port: 2222
    user: me
    private_key_path: ~/.ssh/key
    host_key_sha256: ${KEY}
    labels: [' Linux', docker, linux]
    max_concurrent: 3
    command: [agent, '', '--flag with space']
    workdir: ~/work
    env: { GREETING: 'hello there', EMPTY: '' }
    timeout_seconds: 60
    paused: true
`
    expect(parseHosts(text, '/home/me')).toMatchObject({
      ok: true,
      hosts: [
        {
          port: 2222,
          privateKeyPath: '/home/me/.ssh/key',
          labels: ['docker', 'linux'],
          maxConcurrent: 3,
          command: ['agent', '', '--flag with space'],
          // That directory is on the host, where nothing expands it.
          workdir: '~/work',
          env: { GREETING: 'hello there', EMPTY: '' },
          timeoutSeconds: 60,
          paused: true,
        },
      ],
    })
  })

  it('puts in what a preset says, below what the host says of its environment', () => {
    const host = (keys: string) =>
      `hosts: [{id: a, address: a, user: me, host_key_sha256: '${KEY}', ${keys}}]`
    const { command, env } = PRESETS.claude
    expect(parseHosts(host(`preset: claude, env: {DISABLE_AUTOUPDATER: '0', MORE: x}`), '/')).toMatchObject({
      hosts: [{ command, env: { ...env, DISABLE_AUTOUPDATER: '0', MORE: 'x' } }],
    })
    expect(problemsOf(host('preset: cloud'))).toEqual([
      expect.stringContaining(
        'hosts[0].preset: expected the name of a preset: claude, codex, opencode, gemini, got the text “cloud”',
      ),
    ])
    expect(problemsOf(host('preset: claude, command: [claude]'))).toEqual([
      expect.stringContaining('hosts[0].command: must not stand beside preset'),
    ])
  })

  it('names all mistakes together, each with its line', () => {
    const text = `hosts:
  - id: Build Server
    address: a.example
    adress: b.example
    user: me
    host_key_sha256: MD5:00
    command: agent --print
    port: 70000
    env: { '1X': a, N: 1 }
    paused: 'yes'
  - id: b
`
    expect(problemsOf(text)).toEqual([
      'hosts.yaml:2:9: hosts[0].id: expected an id of lower-case letters, digits, dots, hyphens and underscores, at most 64 characters, got the text “Build Server”',
      'hosts.yaml:4:5: hosts[0]: unknown key “adress”; did you mean “address”?',
      'hosts.yaml:6:22: hosts[0].host_key_sha256: expected the fingerprint SHA256:… of the host key, as ssh-keygen -lf prints it, got the text “MD5:00”',
      'hosts.yaml:7:14: hosts[0].command: expected a list of the program and its arguments, such as [claude, --print], got the text “agent --print”',
      'hosts.yaml:8:11: hosts[0].port: expected a whole number from 1 to 65535, got the number 70000 (put it in quotes to make it a text)',
      'hosts.yaml:9:12: hosts[0].env: expected the name of an environment variable, and none that begins with _sy_, got the text “1X”',
      'hosts.yaml:9:24: hosts[0].env.N: expected a text, got the number 1 (put it in quotes to make it a text)',
      'hosts.yaml:10:13: hosts[0].paused: expected true or false, got the text “yes”',
      'hosts.yaml:11:5: hosts[1].address: expected a host name or an IP address, got nothing',
      'hosts.yaml:11:5: hosts[1].user: expected the user to log in as, got nothing',
      'hosts.yaml:11:5: hosts[1].host_key_sha256: expected the fingerprint SHA256:… of the host key, as ssh-keygen -lf prints it, got nothing',
      'hosts.yaml:11:5: hosts[1].command: is missing: give the argv, or a preset: claude, codex, opencode, gemini',
    ])
  })

  it('refuses two hosts with one id, an empty file and broken YAML', () => {
    const host = `{id: a, address: a, user: me, host_key_sha256: '${KEY}', command: [agent]}`
    expect(problemsOf(`hosts:\n  - ${host}\n  - ${host}\n`)).toEqual([
      'hosts.yaml:3:5: hosts[1]: the id “a” is taken by the host in line 2',
    ])
    expect(problemsOf('')).toEqual([
      'hosts.yaml:1:1: the file: expected a mapping with the keys hosts, got nothing',
    ])
    expect(problemsOf('hosts: [')[0]).toMatch(/^hosts\.yaml:1:\d+: not valid YAML/)
  })

  it('refuses ways in that contradict each other, names of other variables, and circles', () => {
    const host = (id: string, keys: string) =>
      `  - {id: ${id}, address: a, user: me, host_key_sha256: '${KEY}', command: [agent], ${keys}}\n`
    const hosts =
      host('a', 'proxy_jump: b') +
      host('b', 'proxy_jump: a') +
      host('c', 'proxy_jump: elsewhere, private_key_path: k, password_variable: SSH_PASSWORD_C') +
      host('d', 'private_key_passphrase_variable: DATABASE_URL')
    expect(problemsOf(`hosts:\n${hosts}`)).toEqual([
      'hosts.yaml:2:3: hosts: proxy_jump leads in a circle: a, b',
      expect.stringMatching(/:4:\d+: hosts\[2\]\.password_variable: must not stand beside private_key_path/),
      expect.stringMatching(
        /:5:\d+: hosts\[3\]\.private_key_passphrase_variable: expected .* begins with SSH_PASSPHRASE_/,
      ),
    ])
  })

  it('has an example that is valid and shows every key', async () => {
    const hosts = await loadHosts(EXAMPLE)
    expect(hosts.map((host) => [host.id, host.privateKeyPath])).toEqual([
      ['builder-1', join(homedir(), '.ssh/switchyard')],
      ['gpu', null],
      ['appliance', null],
    ])
    const text = await readFile(EXAMPLE, 'utf8')
    for (const key of HOST_KEYS) expect(text).toMatch(new RegExp(`^ {2}[- ] ${key}:`, 'm'))
  })

  it('names the file that it cannot read, and all mistakes of one that it cannot use', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'switchyard-hosts-'))
    const file = join(directory, 'hosts.yaml')
    await expect(loadHosts(file)).rejects.toThrow(/hosts\.yaml: cannot be read: .*ENOENT/)
    await writeFile(file, 'hosts: 7\n')
    await expect(loadHosts(file)).rejects.toThrow(HostsFileError)
    await expect(loadHosts(file)).rejects.toThrow(
      `${file}:1:8: hosts: expected a list of hosts, got the number 7`,
    )
    await rm(directory, { recursive: true })
  })
})

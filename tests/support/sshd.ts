import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import {
  createSshKeys,
  startLocalSshServer,
  type LocalSshServer,
  type SshKeys,
} from '../../demo/ssh-server.ts'
import { freePort } from './free-port.ts'
import { descendantsOf, killProcesses, processesWithVariable } from './processes.ts'

export interface SshdOptions {
  /** Lines added to sshd_config, such as `MaxSessions 2`. The fallback server knows none of them. */
  readonly config?: readonly string[]
  /** HOME of what logs in; an empty directory of the server's own unless said. */
  readonly home?: string
}

/**
 * Starts a real OpenSSH server on a free port of the loopback interface, with its own configuration and keys, as root or as
 * anybody. Where there is no sshd, a developer gets the in-process server instead and is told so; CI gets an error.
 */
export async function startSshd(options: SshdOptions = {}): Promise<LocalSshServer> {
  const program = findSshd()
  if (program === null) {
    if (process.env['CI'] !== undefined) throw new Error('no sshd found on PATH or in /usr/sbin')
    console.warn('no sshd here: using the in-process SSH server instead of OpenSSH')
    return startLocalSshServer()
  }
  const keys = await createSshKeys()
  // Everything that a session starts inherits this variable, so that we find and end what outlived its session.
  const marker = `SWITCHYARD_TEST_SSHD=${randomUUID()}`
  // sshd cannot be asked to choose a port, so the one that was free a moment ago may be taken by now.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const server = await launch(program, await writeConfig(keys, port, marker, options))
    if (server.listening) return describe(server, keys, port, marker)
    if (attempt === 5) throw new Error(`sshd did not start: ${server.log()}`)
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly listening: boolean
  log(): string
}

async function launch(program: string, configPath: string): Promise<Launched> {
  // As root sshd insists on this directory, which only its service unit would create.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const child = spawn(program, ['-D', '-e', '-f', configPath], { stdio: ['ignore', 'ignore', 'pipe'] })
  // A test that fails half-way may never stop its server: that must not keep the test run from ending.
  child.unref()
  const kill = (): unknown => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  let log = ''
  const listening = await new Promise<boolean>((resolve, reject) => {
    const stderr = child.stderr as typeof child.stderr & { unref?: () => void }
    stderr.unref?.()
    stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('Server listening on')) resolve(true)
    })
    child.once('exit', () => resolve(false))
    child.once('error', reject)
  })
  return { child, listening, log: () => log }
}

function describe(server: Launched, keys: SshKeys, port: number, marker: string): LocalSshServer {
  return {
    address: '127.0.0.1',
    port,
    user: userInfo().username,
    privateKeyPath: keys.clientKeyPath,
    hostKeySha256: keys.hostKeySha256,
    log: () => server.log(),
    async stop() {
      const { child } = server
      const connections = child.pid === undefined ? [] : descendantsOf(child.pid)
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      killProcesses([...connections, ...processesWithVariable(marker)])
      await rm(keys.directory, { recursive: true, force: true })
    },
  }
}

async function writeConfig(
  keys: SshKeys,
  port: number,
  marker: string,
  options: SshdOptions,
): Promise<string> {
  const authorizedKeys = join(keys.directory, 'authorized_keys')
  await writeFile(authorizedKeys, `${keys.clientPublicKey}\n`, { mode: 0o600 })
  // What the shells of whoever runs the tests do at their start is none of the tests' business.
  const home = options.home ?? join(keys.directory, 'home')
  await mkdir(home, { recursive: true })
  const configPath = join(keys.directory, 'sshd_config')
  const lines = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${keys.hostKeyPath}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'UsePAM no',
    'StrictModes no',
    'PidFile none',
    'PrintMotd no',
    'LogLevel VERBOSE',
    `SetEnv ${marker} HOME=${home}`,
    // sshd reads the file as whoever logs in, and nobody else may: root's server lets in others by asking for it.
    ...(process.getuid?.() === 0
      ? [`AuthorizedKeysCommand /bin/cat ${authorizedKeys}`, 'AuthorizedKeysCommandUser root']
      : []),
    ...(options.config ?? []),
  ]
  await writeFile(configPath, `${lines.join('\n')}\n`)
  return configPath
}

function findSshd(): string | null {
  const directories = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/sbin',
  ]
  // sshd starts itself again for each connection and demands to know its absolute path.
  const candidates = directories
    .filter((directory) => directory.startsWith('/'))
    .map((each) => join(each, 'sshd'))
  return candidates.find((path) => existsSync(path) && isExecutable(path)) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

import { Command } from '@commander-js/extra-typings'
import type { Host } from '@switchyard/client'
import { listFacts } from '../../output/facts.ts'
import type { Output } from '../../output/output.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { ageOf, instant } from '../../output/time.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'
import { DEFAULT_LIST_LENGTH, wholeNumber } from '../option-values.ts'
import { readPages } from '../pages.ts'
import { renderFindings } from './check.ts'

/** `switchyard hosts list` */
export function listHosts(world: World) {
  const command = new Command('list')
    .alias('ls')
    .description('List SSH hosts.')
    .option('--limit <number>', 'so many at most', wholeNumber(1), DEFAULT_LIST_LENGTH)
    .option('--all', 'all of them')
    .action((options) =>
      withSession(world, command, ({ api, out }) =>
        readPages(
          out,
          options,
          (page) => api.listHosts(page),
          ({ hosts }) => renderHosts(hosts, out, world.now()),
        ),
      ),
    )
  return withExamples(command, 'hosts list', 'hosts list --json')
}

function renderHosts(hosts: readonly Host[], out: Output, now: number): string {
  if (hosts.length === 0) return 'No hosts. Add one: switchyard hosts add --help\n'
  const colours = {
    on: out.style.green,
    paused: out.style.yellow,
    'cooling down': out.style.red,
    blocked: out.style.red,
  }
  return out.table(
    [
      { title: 'ID', value: ({ id }) => id },
      {
        title: 'STATE',
        value: (host) => stateOf(host, now),
        style: (text, host) => colours[stateOf(host, now)](text),
      },
      {
        title: 'HELD',
        value: ({ held, max_concurrent: most }) => `${String(held)}/${String(most)}`,
        align: 'right',
      },
      {
        title: 'ADDRESS',
        value: ({ user, address, port }) => `${user}@${address}:${String(port)}`,
        spare: 2,
      },
      {
        title: 'CHECKED',
        value: ({ checked_at: at }) => (at === null ? 'never' : ageOf(at, now)),
        align: 'right',
      },
      { title: 'LABELS', value: ({ labels }) => labels.join(',') || '-', spare: 1 },
      { title: 'COMMAND', value: ({ command }) => command.join(' '), flexible: true },
    ],
    hosts,
  )
}

/** What keeps the host from getting tasks, if anything does. */
function stateOf(host: Host, now: number): 'on' | 'paused' | 'cooling down' | 'blocked' {
  if (host.paused) return 'paused'
  if (host.blocked_reason !== null) return 'blocked'
  const { cooling_down_until: until } = host
  return until !== null && Date.parse(until) > now ? 'cooling down' : 'on'
}

/** `switchyard hosts show` */
export function showHost(world: World) {
  const command = new Command('show')
    .description('Show a host, and what its last check found.')
    .argument('<host>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const host = await api.getHost({ host_id: id })
        out.show(host, () => describeHost(host, out, world.now()))
      }),
    )
  return withExamples(command, 'hosts show build')
}

/** A host for people. */
function describeHost(host: Host, { style }: Output, now: number): string {
  const facts = [
    { name: 'state', value: stateOf(host, now) },
    { name: 'blocked because', value: host.blocked_reason },
    { name: 'address', value: `${host.user}@${host.address}:${String(host.port)}` },
    { name: 'reached through', value: host.proxy_jump },
    { name: 'fingerprint', value: host.host_key_sha256 },
    { name: 'private key', value: host.private_key_path },
    { name: 'labels', value: host.labels.join(', ') },
    { name: 'holds', value: `${String(host.held)} of ${String(host.max_concurrent)}` },
    { name: 'command', value: JSON.stringify(host.command) },
    { name: 'workdir', value: host.workdir },
    { name: 'time limit', value: `${String(host.timeout_seconds)} s` },
    { name: 'last seen', value: instant(host.last_seen_at, now) },
    { name: 'last error', value: host.last_error },
  ]
  const found = host.last_check === null ? '' : `\n${renderFindings(host.last_check.findings, style)}`
  return `${style.bold(terminalLine(host.id))}\n${listFacts(facts, style)}${found}`
}

/** `switchyard hosts delete` */
export function deleteHost(world: World) {
  const command = new Command('delete')
    .description('Delete a host.')
    .argument('<host>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        await api.deleteHost({ host_id: id })
        if (!out.isJson) out.write(`${terminalLine(id)} is deleted.\n`)
      }),
    )
  return withExamples(command, 'hosts delete build')
}

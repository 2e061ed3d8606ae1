import { Command } from '@commander-js/extra-typings'
import type { Agent } from '@switchyard/client'
import { Failure } from '../../failure.ts'
import { listFacts } from '../../output/facts.ts'
import type { Output } from '../../output/output.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { ageOf, instant } from '../../output/time.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'
import { DEFAULT_LIST_LENGTH, wholeNumber, words } from '../option-values.ts'
import { readPages } from '../pages.ts'

/** `switchyard agents list` */
export function listAgents(world: World) {
  const command = new Command('list')
    .alias('ls')
    .description('List agents and hosts.')
    .option('--limit <number>', 'so many at most', wholeNumber(1), DEFAULT_LIST_LENGTH)
    .option('--all', 'all of them')
    .action((options) =>
      withSession(world, command, ({ api, out }) =>
        readPages(
          out,
          options,
          (page) => api.listAgents(page),
          ({ agents }) => renderAgents(agents, out, world.now()),
        ),
      ),
    )
  return withExamples(command, 'agents list', 'agents list --json')
}

function renderAgents(agents: readonly Agent[], out: Output, now: number): string {
  if (agents.length === 0) return 'No agents. Register one: switchyard agents register --help\n'
  return out.table(
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'TRACK', value: (agent) => agent.execution_mode, spare: 2 },
      {
        title: 'STATE',
        value: ({ paused }) => (paused ? 'paused' : 'on'),
        style: (text, { paused }) => (paused ? out.style.yellow(text) : text),
      },
      { title: 'HELD', value: heldOf, align: 'right' },
      { title: 'SEEN', value: (agent) => seenOf(agent, now), align: 'right', spare: 1 },
      { title: 'LABELS', value: ({ labels }) => labels.join(',') || '-', flexible: true },
    ],
    agents,
  )
}

function heldOf({ held, max_concurrent: most }: Agent): string {
  return most === null ? String(held) : `${String(held)}/${String(most)}`
}

function seenOf({ last_seen_at: seen }: Agent, now: number): string {
  return seen === null ? 'never' : ageOf(seen, now)
}

/** `switchyard agents show` */
export function showAgent(world: World) {
  const command = new Command('show')
    .description('Show an agent.')
    .argument('<agent>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const agent = await api.getAgent({ agent_id: id })
        out.show(agent, () => describeAgent(agent, out, world.now()))
      }),
    )
  return withExamples(command, 'agents show claude-laptop')
}

/** An agent for people. */
export function describeAgent(agent: Agent, { style }: Output, now: number): string {
  const facts = [
    { name: 'track', value: agent.execution_mode },
    { name: 'description', value: agent.description },
    { name: 'labels', value: agent.labels.join(', ') },
    { name: 'holds', value: heldOf(agent) },
    { name: 'paused', value: agent.paused ? 'yes, it gets no new task' : 'no' },
    { name: 'last seen', value: instant(agent.last_seen_at, now) ?? 'never' },
    { name: 'registered', value: instant(agent.created_at, now) },
  ]
  return `${style.bold(terminalLine(agent.id))}\n${listFacts(facts, style)}`
}

/** `switchyard agents relabel` */
export function relabelAgent(world: World) {
  const command = new Command('relabel')
    .description('Give an agent or host other labels, instead of those that it has.')
    .argument('<agent>', 'its id')
    .argument('[labels...]', 'all that it is to have', words)
    .option('--none', 'no labels at all')
    .action((id, labels, { none = false }) =>
      withSession(world, command, async ({ api, out }) => {
        if (none === labels.length > 0) {
          throw new Failure('usage', 'Name the labels that it is to have, or give --none.')
        }
        const agent = await api.updateAgent({ agent_id: id, labels })
        out.show(agent, () => `${agent.id}: ${agent.labels.map(terminalLine).join(', ') || 'no labels'}\n`)
      }),
    )
  return withExamples(
    command,
    'agents relabel claude-laptop linux gpu',
    'agents relabel claude-laptop --none',
  )
}

/** `switchyard agents delete` */
export function deleteAgent(world: World) {
  const command = new Command('delete')
    .description('Delete an agent. Its token stops working at once.')
    .argument('<agent>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        await api.deleteAgent({ agent_id: id })
        if (!out.isJson) out.write(`${terminalLine(id)} is deleted.\n`)
      }),
    )
  return withExamples(command, 'agents delete claude-laptop')
}

import { Command } from '@commander-js/extra-typings'
import type { Routing } from '@switchyard/client'
import type { Output } from '../../output/output.ts'
import type { Style } from '../../output/style.ts'
import { statusColour } from '../../output/status-colour.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { ageOf } from '../../output/time.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'

type Candidate = Routing['candidates'][number]

/** `switchyard tasks why` */
export function explainTask(world: World) {
  const command = new Command('why')
    .description('Say why a task is where it is: on this track, with this agent, or still waiting.')
    .argument('<task>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const routing = await api.getTaskRouting({ task_id: id })
        out.show(routing, () => renderRouting(routing, out, world.now()))
      }),
    )
  return withExamples(command, 'tasks why 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c')
}

/** The explanation first, then what follows from it, then who could take the task and who could not. */
export function renderRouting(routing: Routing, out: Output, now: number): string {
  const { style } = out
  const { next_action: next } = routing
  const sentences = [
    `${statusColour(style, routing.status)(routing.status)} on the track ${style.bold(routing.execution_mode)}. ${sentence(routing.explanation)}`,
    next === null
      ? ''
      : `${style.bold('Next:')} ${sentence(next.what)}${next.at === null ? '' : ` (${when(next.at, now)})`}`,
    `${style.bold('Track:')} ${sentence(routing.reason)} ${style.dim(`(${routing.decided_by}, ${when(routing.decided_at, now)})`)}`,
  ]
  const table =
    routing.candidates.length === 0
      ? 'There are no agents and no hosts.\n'
      : out.table(
          [
            { title: 'AGENT', value: (candidate) => candidate.agent_id },
            { title: 'TRACK', value: (candidate) => candidate.execution_mode },
            {
              title: 'VERDICT',
              value: ({ verdict }) => verdict,
              style: (text, candidate) => verdictColour(style, candidate)(text),
            },
            { title: 'WHY', value: (candidate) => whyOf(candidate, now), flexible: true },
          ],
          routing.candidates,
        )
  return `${sentences.filter((line) => line !== '').join('\n')}\n\n${table}`
}

function whyOf({ reason, until }: Candidate, now: number): string {
  return until === null ? reason : `${reason} (${when(until, now)})`
}

function when(instant: string, now: number): string {
  const age = ageOf(instant, now)
  return age.startsWith('in ') ? age : `${age} ago`
}

function verdictColour(style: Style, { verdict }: Candidate): (text: string) => string {
  if (verdict === 'chosen') return style.green
  if (verdict === 'available') return style.cyan
  return verdict === 'unreachable' || verdict === 'cooling_down' ? style.red : style.yellow
}

/** The API's words as a sentence of their own. */
function sentence(words: string): string {
  const text = terminalLine(words)
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

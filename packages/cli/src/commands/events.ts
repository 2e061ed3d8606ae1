import { Command } from '@commander-js/extra-typings'
import type { TaskEvent } from '@switchyard/client'
import { statusColour } from '../output/status-colour.ts'
import type { Style } from '../output/style.ts'
import { terminalLine } from '../output/terminal-text.ts'
import { withSession } from '../session.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'
import { FOLLOW_SECONDS } from './follow.ts'

const FROM_THE_BEGINNING = '0-0'

/** `switchyard events` */
export function eventsCommand(world: World) {
  const command = new Command('events')
    .description('Follow what happens to tasks, as it happens, until Ctrl-C.')
    .option('--task <id>', 'only what happens to this one')
    .option('--after <cursor>', 'begin behind this event; each has a `cursor` with --json')
    .option('--from-beginning', 'begin with the oldest one that is kept')
    .action(({ task, after, fromBeginning = false }) =>
      withSession(world, command, async ({ api, out }) => {
        const begin = fromBeginning ? FROM_THE_BEGINNING : after
        for await (const event of api.streamEvents({ after: begin }, { retrySeconds: FOLLOW_SECONDS })) {
          if (task !== undefined && event.task_id !== task) continue
          out.show(event, () => renderEvent(event, out.style, { withTask: true }))
        }
      }),
    )
  return withExamples(command, 'events', 'events --from-beginning --json | jq -r .event')
}

/** One event on one line: when, what, from where to where, and who caused it. */
export function renderEvent(
  event: TaskEvent,
  style: Style,
  { withTask }: { readonly withTask: boolean },
): string {
  const { from_status: from, to_status: to } = event
  const change =
    to === null || to === from ? '' : `${from === null ? '' : `${from} → `}${statusColour(style, to)(to)}`
  const parts = [
    style.dim(event.at),
    withTask ? event.task_id : '',
    style.bold(terminalLine(event.event)),
    change,
    event.agent_id === null ? '' : `agent ${terminalLine(event.agent_id)}`,
    style.dim(`by ${terminalLine(event.actor)}`),
    event.reason === null ? '' : terminalLine(event.reason),
  ]
  return `${parts.filter((part) => part !== '').join('  ')}\n`
}

import { Command } from '@commander-js/extra-typings'
import { withSession } from '../session.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'
import { watchQueue } from './queue/live.ts'
import { readQueueView, renderQueue } from './queue/view.ts'

/** `switchyard queue` */
export function queueCommand(world: World) {
  const command = new Command('queue')
    .description(
      'Watch the queue: how much there is to do, who is there to do it, and what goes on. q ends it.',
    )
    .option('--once', 'look once; so it is when the output is no terminal, and with --json')
    .action(({ once = false }) =>
      withSession(world, command, async ({ api, out, settings }) => {
        if (out.isJson) out.json(await api.getQueue())
        else if (once || !out.isTerminal) out.write(renderQueue(await readQueueView(api), out, world.now()))
        else await watchQueue(world, settings.url, api, out)
      }),
    )
  return withExamples(command, 'queue', 'queue --once', 'queue --json | jq .oldest_pending_seconds')
}

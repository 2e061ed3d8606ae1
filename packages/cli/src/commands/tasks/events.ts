import { Command } from '@commander-js/extra-typings'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { renderEvent } from '../events.ts'
import { withExamples } from '../examples.ts'

/** `switchyard tasks events` */
export function taskEvents(world: World) {
  const command = new Command('events')
    .description('List everything that happened to a task, oldest first.')
    .argument('<task>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const answer = await api.getTaskEvents({ task_id: id })
        out.show(answer, () =>
          answer.events.map((event) => renderEvent(event, out.style, { withTask: false })).join(''),
        )
      }),
    )
  return withExamples(command, 'tasks events 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c')
}

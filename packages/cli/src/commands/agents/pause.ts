import { Command } from '@commander-js/extra-typings'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'

type Kind = 'agent' | 'host'

/** `switchyard agents pause`, `switchyard hosts pause` */
export function pauseCommand(world: World, kind: Kind) {
  return changePaused(world, kind, 'pause', true, `Give no new task to an ${kind}; what it holds goes on.`)
}

/** `switchyard agents resume`, `switchyard hosts resume` */
export function resumeCommand(world: World, kind: Kind) {
  return changePaused(world, kind, 'resume', false, `Let an ${kind} have tasks again.`)
}

function changePaused(world: World, kind: Kind, name: string, paused: boolean, description: string) {
  const command = new Command(name)
    .description(description.replace('an host', 'a host'))
    .argument(`<${kind}>`, 'its id')
    .action((id: string) =>
      withSession(world, command, async ({ api, out }) => {
        const agent = await api.updateAgent({ agent_id: id, paused })
        out.show(agent, () => {
          const holds = agent.held === 0 ? '' : `, and still holds ${String(agent.held)}`
          return paused ? `${agent.id} gets no new task${holds}.\n` : `${agent.id} gets tasks again.\n`
        })
      }),
    )
  return withExamples(command, `${kind}s ${name} ${kind === 'agent' ? 'claude-laptop' : 'build'}`)
}

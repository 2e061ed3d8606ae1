import { Command } from '@commander-js/extra-typings'
import type { World } from '../world.ts'
import { deleteAgent, listAgents, relabelAgent, showAgent } from './agents/manage.ts'
import { pauseCommand, resumeCommand } from './agents/pause.ts'
import { registerAgent, replaceToken } from './agents/tokens.ts'

/** `switchyard agents …` */
export function agentsCommand(world: World) {
  return new Command('agents')
    .description('Look at agents, register and steer them.')
    .addCommand(listAgents(world))
    .addCommand(showAgent(world))
    .addCommand(registerAgent(world))
    .addCommand(pauseCommand(world, 'agent'))
    .addCommand(resumeCommand(world, 'agent'))
    .addCommand(relabelAgent(world))
    .addCommand(replaceToken(world))
    .addCommand(deleteAgent(world))
}

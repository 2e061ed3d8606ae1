import { Command } from '@commander-js/extra-typings'
import type { World } from '../world.ts'
import { pauseCommand, resumeCommand } from './agents/pause.ts'
import { addHost } from './hosts/add.ts'
import { checkHost } from './hosts/check.ts'
import { deleteHost, listHosts, showHost } from './hosts/manage.ts'

/** `switchyard hosts …` */
export function hostsCommand(world: World) {
  return new Command('hosts')
    .description('Look at SSH hosts, add and check them.')
    .addCommand(listHosts(world))
    .addCommand(showHost(world))
    .addCommand(addHost(world))
    .addCommand(checkHost(world))
    .addCommand(pauseCommand(world, 'host'))
    .addCommand(resumeCommand(world, 'host'))
    .addCommand(deleteHost(world))
}

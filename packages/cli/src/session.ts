import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { createApi, type Api } from './api/api.ts'
import { createOutput, type Output } from './output/output.ts'
import type { GlobalOptions } from './settings/global-options.ts'
import { resolveSettings, type Settings } from './settings/settings.ts'
import type { World } from './world.ts'

/** What a command that speaks to the API works with. */
export interface Session {
  readonly api: Api
  readonly out: Output
  readonly settings: Settings
}

/** The global options, wherever on the command line they stood. */
export function globalOptions(command: CommandUnknownOpts): GlobalOptions {
  return command.optsWithGlobals()
}

/** The output alone, for commands that need no API. */
export function outputFor(world: World, command: CommandUnknownOpts): Output {
  const { json = false, color } = globalOptions(command)
  return createOutput({ ...world, json, colour: color })
}

/** Finds out which API is meant. Throws Failure when nothing says so. */
export async function openSession(world: World, command: CommandUnknownOpts): Promise<Session> {
  const settings = await resolveSettings(world, globalOptions(command))
  return { settings, api: createApi(settings), out: outputFor(world, command) }
}

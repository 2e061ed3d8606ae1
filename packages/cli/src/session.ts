import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { createClient, type Client } from '@switchyard/client'
import { toFailure } from './client-failure.ts'
import { createOutput, type Output } from './output/output.ts'
import type { GlobalOptions } from './settings/global-options.ts'
import { resolveSettings, type Settings } from './settings/settings.ts'
import type { World } from './world.ts'

/** What a command that speaks to the API works with. */
export interface Session {
  readonly api: Client
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

/**
 * Finds out which API is meant, and lets `work` speak to it. Whatever the API refuses, and that it cannot be reached, becomes a Failure.
 * A call is made once: a person who waits is told at once, and a script decides itself.
 */
export async function withSession<T>(
  world: World,
  command: CommandUnknownOpts,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const settings = await resolveSettings(world, globalOptions(command))
  const api = createClient({ baseUrl: settings.url, token: settings.token ?? undefined, retrySeconds: 0 })
  try {
    return await work({ settings, api, out: outputFor(world, command) })
  } catch (error) {
    throw toFailure(error, settings)
  }
}

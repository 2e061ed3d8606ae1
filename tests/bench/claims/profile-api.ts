import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { summarise } from '../statistics.ts'
import type { ApiProcess } from './api-process.ts'
import { profileClock, profileFlags, readShares } from './cpu-profile.ts'
import type { Figure } from './measure.ts'
import type { Sizes } from './sizes.ts'
import type { Stage } from './stage.ts'

/** An API that was started for its profile, and the work that it is to be seen at. */
export interface Profiled {
  readonly api: ApiProcess
  /** For so many seconds. */
  readonly work: (seconds: number) => Promise<unknown>
}

/**
 * Where an API's processor time goes at this work, without the warm-up, in percent. `start` starts it with the flags that make it
 * write a profile; in a run of its own, because being watched makes it slower.
 */
export async function profileApi(
  stage: Stage,
  { warmUpSeconds, runSeconds }: Sizes,
  start: (flags: readonly string[]) => Promise<Profiled>,
): Promise<Figure[]> {
  stage.tell('a profile of the API')
  const directory = await mkdtemp(join(stage.server.directory, 'profile-'))
  const { api, work } = await start(profileFlags(directory))
  const from = profileClock() + warmUpSeconds * 1_000_000
  await work(warmUpSeconds + runSeconds)
  const to = profileClock()
  await api.stop()
  const shares = await readShares(directory, from, to)
  return shares.map(({ of, share }) => ({
    name: `of the API's time: ${of}`,
    unit: '%',
    summary: summarise([share * 100]),
  }))
}

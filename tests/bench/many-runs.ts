import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../support/until.ts'
import { rounded, summarise, type Summary } from './statistics.ts'
import { runsFolder, type World } from './world.ts'

const MEBIBYTE = 1024 * 1024
const RUNS = 200
const WATCHED_SECONDS = 60
const SETTLE_SECONDS = 10
const REQUIRES = ['bench-many']

export interface ManyRuns {
  readonly runs: number
  readonly hosts: number
  readonly succeeded: number
  /** From the first claim until all run. */
  readonly secondsUntilAllRun: number
  /** Resident memory of the dispatcher in MiB, with nothing running, before and after. */
  readonly before: number
  readonly after: number
  /** With all of them running, over a minute. */
  readonly during: Summary
  /** The median of the minute's last third over the one of its first. */
  readonly growth: number
  /** What one run adds, in KiB. */
  readonly kibibytesPerRun: number
}

/** Starts all runs, watches the dispatcher's memory for a minute, then lets them end. */
export async function measureManyRuns(world: World): Promise<ManyRuns> {
  const { stack, servers, directory, pool } = world
  const go = join(directory, 'go')
  for (const server of servers) {
    await stack.putHost(server, {
      command: ['sh', '-c', 'echo begun; until [ -e "$1" ]; do sleep 5; done; echo ended', 'sh', go],
      labels: REQUIRES,
      max_concurrent: Math.ceil(RUNS / servers.length),
      env: runsFolder(world),
    })
  }
  const before = await residentMebibytes(world)
  const begin = performance.now()
  const ids: string[] = []
  for (let run = 0; run < RUNS; run++)
    ids.push((await stack.createTask({ requires: REQUIRES, execution_mode: 'ssh_cli' })).id)

  async function areAll(statuses: readonly string[]): Promise<boolean> {
    const { rows } = await pool.query<{ count: number }>(
      'select count(*) from tasks where id = any($1::uuid[]) and status = any($2::text[]) and log_bytes > 0',
      [ids, statuses],
    )
    return rows[0]?.count === RUNS
  }
  await until('all run', () => areAll(['running']), 300)
  const secondsUntilAllRun = (performance.now() - begin) / 1000

  const samples: number[] = []
  const watchedUntil = performance.now() + WATCHED_SECONDS * 1000
  while (performance.now() < watchedUntil) {
    samples.push(await residentMebibytes(world))
    await delay(1000)
  }
  await writeFile(go, '')
  await until('all have ended', () => areAll(['succeeded', 'failed']), 300)
  const { rows } = await pool.query<{ count: number }>(
    `select count(*) from tasks where id = any($1::uuid[]) and status = 'succeeded' and attempt = 1`,
    [ids],
  )
  await delay(SETTLE_SECONDS * 1000)
  const during = summarise(samples)
  const third = Math.floor(samples.length / 3)
  return {
    ...{ runs: RUNS, hosts: servers.length, succeeded: rows[0]?.count ?? 0 },
    secondsUntilAllRun: rounded(secondsUntilAllRun),
    before: rounded(before),
    after: rounded(await residentMebibytes(world)),
    during,
    growth: rounded(summarise(samples.slice(-third)).median / summarise(samples.slice(0, third)).median),
    kibibytesPerRun: rounded(((during.median - before) * 1024) / RUNS),
  }
}

async function residentMebibytes({ dispatcher }: World): Promise<number> {
  const text = await (await fetch(`${dispatcher.url}/metrics`)).text()
  const bytes = /^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]
  if (bytes === undefined) throw new Error('the dispatcher does not say how much memory it uses')
  return Number(bytes) / MEBIBYTE
}

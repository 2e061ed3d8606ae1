import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectOpenSsh } from './openssh-client.ts'
import { rounded, summarise, type Summary } from './statistics.ts'
import { runsFolder, type World } from './world.ts'

const MEBIBYTE = 1024 * 1024
const SIZE_MEBIBYTES = 64
const RUNS = 3
const REQUIRES = ['bench-log']

/** So much output is kept of one attempt, so that nothing is cut out. */
export const LOG_LIMIT_BYTES = 4 * SIZE_MEBIBYTES * MEBIBYTE

export interface LogThroughput {
  readonly mebibytes: number
  /** From the run's start to its end with everything stored, in MiB/s. */
  readonly stored: Summary
  /** `ssh HOST cat FILE` over a ControlMaster socket, in MiB/s. */
  readonly opensshCat: Summary
  /** Of the medians: 1 is as fast. */
  readonly ratio: number
}

/** Runs that print one large file, beside OpenSSH that does the same into nowhere. */
export async function measureLogThroughput(world: World): Promise<LogThroughput> {
  const { stack, server, directory } = world
  const file = join(directory, 'output')
  const line = `${'x'.repeat(63)}\n`
  await writeFile(file, line.repeat((SIZE_MEBIBYTES * MEBIBYTE) / line.length))
  const env = runsFolder(world)
  await stack.putHost(server, { command: ['cat', file], labels: REQUIRES, max_concurrent: 1, env })
  const openssh = await connectOpenSsh(server, directory)
  try {
    const ours: number[] = []
    const theirs: number[] = []
    for (let run = 0; run <= RUNS; run++) {
      const seconds = await storeOnce(world)
      const reference = (await openssh.run(`cat ${file}`)) / 1000
      // The first is the warm-up.
      if (run === 0) continue
      ours.push(SIZE_MEBIBYTES / seconds)
      theirs.push(SIZE_MEBIBYTES / reference)
    }
    const stored = summarise(ours)
    const opensshCat = summarise(theirs)
    const ratio = rounded(stored.median / opensshCat.median)
    return { mebibytes: SIZE_MEBIBYTES, stored, opensshCat, ratio }
  } finally {
    await openssh.stop()
  }
}

async function storeOnce({ stack, pool }: World): Promise<number> {
  const { id } = await stack.createTask({ requires: REQUIRES, execution_mode: 'ssh_cli' })
  await stack.untilEnded(id, 300)
  const { rows } = await pool.query<{ seconds: number; stored: number }>(
    `select extract(epoch from finished_at - started_at)::double precision as seconds,
            (select sum(octet_length(content))::bigint from task_logs where task_id = t.id) as stored
       from tasks t where id = $1`,
    [id],
  )
  if (rows[0]?.stored !== SIZE_MEBIBYTES * MEBIBYTE)
    throw new Error(`${String(rows[0]?.stored)} bytes of the output were stored`)
  return rows[0].seconds
}

import { setTimeout as delay } from 'node:timers/promises'
import { connectOpenSsh } from './openssh-client.ts'
import { rounded, summarise, type Summary } from './statistics.ts'
import { runsFolder, type World } from './world.ts'

const WARM_UP = 5
const RUNS = 40
const REQUIRES = ['bench-launch']
/** Longer than a run takes. */
const PAUSE_MILLISECONDS = 100

export interface LaunchDelay {
  /** From the claim's event to the first thing that the remote process does, in milliseconds. */
  readonly claimToCommand: Summary
  /** Its first part: until the host is ready and the lease is being started; the channel, and the host's preparation. */
  readonly claimToStart: Summary
  /** Its second part: the commit of the start, then the run folder, the supervisor and the command in a session of its own. */
  readonly startToCommand: Summary
  /** `ssh HOST true` over a ControlMaster socket, from spawn to exit, in milliseconds. */
  readonly opensshTrue: Summary
  /** Of the medians. */
  readonly ratio: number
}

interface Launch {
  readonly claimed: number
  readonly start: number
  readonly command: number
}

/** One run after the other on a warm connection, each beside one `ssh true`, so that both meet the same weather. */
export async function measureLaunchDelay(world: World): Promise<LaunchDelay> {
  const { stack, server, directory } = world
  await stack.putHost(server, {
    command: ['date', '+%s%N'],
    labels: REQUIRES,
    max_concurrent: 1,
    env: runsFolder(world),
  })
  const openssh = await connectOpenSsh(server, directory)
  try {
    const launches: Launch[] = []
    const references: number[] = []
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const launch = await launchOnce(world)
      const reference = await openssh.run('true')
      if (run < WARM_UP) continue
      launches.push(launch)
      references.push(reference)
    }
    const claimToCommand = summarise(launches.map(({ claimed, command }) => command - claimed))
    const opensshTrue = summarise(references)
    return {
      claimToCommand,
      claimToStart: summarise(launches.map(({ claimed, start }) => start - claimed)),
      startToCommand: summarise(launches.map(({ start, command }) => command - start)),
      opensshTrue,
      ratio: rounded(claimToCommand.median / opensshTrue.median),
    }
  } finally {
    await openssh.stop()
  }
}

/** Instants in milliseconds since 1970: everything is on one machine, and has one clock. */
async function launchOnce({ stack, pool }: World): Promise<Launch> {
  const { id } = await stack.createTask({ requires: REQUIRES, execution_mode: 'ssh_cli' })
  // Whoever asks again and again takes from the cores that are measured.
  await delay(PAUSE_MILLISECONDS)
  const task = await stack.untilEnded(id)
  if (task.status !== 'succeeded') throw new Error(`a run failed: ${JSON.stringify(task.error)}`)
  const { rows } = await pool.query<Pick<Launch, 'claimed' | 'start'>>(
    `select extract(epoch from claimed_at)::double precision * 1000 as claimed,
            extract(epoch from started_at)::double precision * 1000 as start
       from tasks where id = $1`,
    [id],
  )
  const [instants] = rows
  if (instants === undefined) throw new Error(`task ${id} is gone`)
  return { ...instants, command: Number(await stack.log(id)) / 1e6 }
}

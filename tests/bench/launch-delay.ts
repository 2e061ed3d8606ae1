import { setTimeout as delay } from 'node:timers/promises'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { startSshd } from '../support/sshd.ts'
import { connectOpenSsh } from './openssh-client.ts'
import { rounded, summarise, type Summary } from './statistics.ts'
import { runsFolder, type World } from './world.ts'

const WARM_UP = 5
const RUNS = 40
const OPEN = ['bench-launch']
const CLOSED = ['bench-launch-closed']
/** Longer than a run takes. */
const PAUSE_MILLISECONDS = 100

export interface LaunchDelay {
  /** From the claim's event to the first thing that the remote process does, in milliseconds. */
  readonly claimToCommand: Summary
  /** Its first part: until the host is ready and the lease is being started; the claim's commit, and the host's preparation. */
  readonly claimToStart: Summary
  /** Its second part: the commit of the start, what the host has not made by then, and the command. */
  readonly startToCommand: Summary
  /** As `claimToCommand`, where no channel is open for the run. */
  readonly withoutOpenChannel: Summary
  /** `ssh HOST true` over a ControlMaster socket, from spawn to exit, in milliseconds. */
  readonly opensshTrue: Summary
  /** Of the medians. */
  readonly ratio: number
  readonly ratioWithoutOpenChannel: number
}

interface Launch {
  readonly claimed: number
  readonly start: number
  readonly command: number
}

/** One run after the other on a warm connection, each beside one `ssh true`, so that all meet the same weather. */
export async function measureLaunchDelay(world: World): Promise<LaunchDelay> {
  // A run in progress has the only channel of such a server's connection, so none is open for the next.
  const narrow = await startSshd({ config: ['MaxSessions 1'] })
  const openssh = await connectOpenSsh(world.server, world.directory)
  try {
    await putHost(world, world.server, OPEN)
    await putHost(world, narrow, CLOSED)
    const launches: Launch[] = []
    const closed: Launch[] = []
    const references: number[] = []
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const launch = await launchOnce(world, OPEN)
      const without = await launchOnce(world, CLOSED)
      const reference = await openssh.run('true')
      if (run < WARM_UP) continue
      launches.push(launch)
      closed.push(without)
      references.push(reference)
    }
    const claimToCommand = summarise(launches.map(sinceClaim))
    const withoutOpenChannel = summarise(closed.map(sinceClaim))
    const opensshTrue = summarise(references)
    return {
      claimToCommand,
      claimToStart: summarise(launches.map(({ claimed, start }) => start - claimed)),
      startToCommand: summarise(launches.map(({ start, command }) => command - start)),
      withoutOpenChannel,
      opensshTrue,
      ratio: rounded(claimToCommand.median / opensshTrue.median),
      ratioWithoutOpenChannel: rounded(withoutOpenChannel.median / opensshTrue.median),
    }
  } finally {
    await openssh.stop()
    await narrow.stop()
  }
}

function putHost(world: World, server: LocalSshServer, labels: string[]): Promise<string> {
  const command = ['date', '+%s%N']
  return world.stack.putHost(server, { command, labels, max_concurrent: 1, env: runsFolder(world) })
}

function sinceClaim({ claimed, command }: Launch): number {
  return command - claimed
}

/** Instants in milliseconds since 1970: everything is on one machine, and has one clock. */
async function launchOnce({ stack, pool }: World, requires: string[]): Promise<Launch> {
  const { id } = await stack.createTask({ requires, execution_mode: 'ssh_cli' })
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

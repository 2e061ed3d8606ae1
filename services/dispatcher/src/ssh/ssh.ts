import type { Connection } from './connection.ts'
import { dial as dialTarget, type DialOptions } from './dial.ts'
import { follow } from './follow.ts'
import { kill } from './kill.ts'
import { launch, tryLaunch, type RunTiming } from './launch.ts'
import { Pool, type PoolOptions } from './pool.ts'
import type {
  FollowRequest,
  FollowResult,
  KillResult,
  LaunchRequest,
  LaunchResult,
  Unreachable,
} from './results.ts'
import type { RunFolder } from './run-folder.ts'
import { seatOn } from './seat.ts'
import type { DialFailure, SshTarget } from './target.ts'

export interface SshOptions extends DialOptions, PoolOptions, RunTiming {}

/** What `createSsh` uses where it is told nothing else. All but `channelsPerConnection` (of sshd's MaxSessions, 10), in seconds or as said. */
export const SSH_DEFAULTS = {
  agentSocket: null,
  dialTimeoutSeconds: 15,
  channelOpenSeconds: 15,
  keepaliveSeconds: 15,
  keepaliveMisses: 3,
  channelsPerConnection: 8,
  idleSeconds: 30,
  startSeconds: 30,
  killGraceSeconds: 5,
  killDeadlineSeconds: 10,
} as const satisfies SshOptions

export interface SshCheck {
  /** It was reached, showed the right key, let us in, and could start a command. */
  readonly ok: boolean
  /** What is wrong, in one sentence; null when nothing is. */
  readonly message: string | null
  readonly failure: DialFailure | null
  /** The host key that it showed, if it got so far. */
  readonly shownHostKeySha256: string | null
}

/**
 * The dispatcher's way to hosts. A run belongs to its host: whoever launched it, anybody may follow it and kill it, over
 * any connection. Every expected ending is a value; nothing here rejects.
 */
export interface Ssh {
  /** Starts a run, once, however often it is asked for. */
  launch(target: SshTarget, request: LaunchRequest): Promise<LaunchResult>
  /** Delivers a run's output from any byte on, and how it ended. Looking for a run that has not started keeps it from ever starting. */
  follow(target: SshTarget, request: FollowRequest): Promise<FollowResult>
  /** Ends a run, and sees that it is gone. One that has not started never will. */
  kill(target: SshTarget, folder: RunFolder): Promise<KillResult>
  /** Dials afresh, beside the shared connections, and does all of a launch but the start. */
  check(target: SshTarget): Promise<SshCheck>
  /** Ends all connections. What runs on hosts goes on. */
  close(): Promise<void>
}

export function createSsh(given: Partial<SshOptions> = {}): Ssh {
  const options: SshOptions = { ...SSH_DEFAULTS, ...given }
  const pools = new Map<string, Pool<Connection>>()
  let closed = false

  function poolOf(target: SshTarget): Pool<Connection> {
    const key = JSON.stringify([
      target.address,
      target.port,
      target.user,
      target.privateKeyPath,
      target.hostKeySha256,
    ])
    const known = pools.get(key)
    if (known !== undefined) return known
    const pool = new Pool(async (signal: AbortSignal) => {
      const dialed = await dialTarget(target, options, signal)
      return dialed.ok ? { ok: true as const, value: dialed.value.connection } : dialed
    }, options)
    pools.set(key, pool)
    return pool
  }

  /** Does something over one channel of a shared connection. */
  async function over<T>(
    target: SshTarget,
    signal: AbortSignal,
    use: (connection: Pick<Connection, 'execute'>) => Promise<T>,
  ): Promise<T | Unreachable> {
    if (closed) return unreachable({ kind: 'cancelled', message: 'SSH is closed' })
    const pool = poolOf(target)
    const taken = await pool.take(signal)
    if (!taken.ok) return unreachable(taken.failure)
    const seat = seatOn(pool, taken.value, signal)
    try {
      return await use(seat)
    } finally {
      seat.release()
    }
  }

  return {
    launch: (target, request) =>
      over(target, request.signal, (connection) => launch(connection, request, options)),
    follow: (target, request) =>
      over(target, request.signal, (connection) => follow(connection, request, options)),
    kill: (target, folder) => over(target, never(), (connection) => kill(connection, folder, options)),
    check: (target) => check(target, options),
    async close() {
      closed = true
      const open = [...pools.values()]
      await Promise.all(open.map((pool) => pool.close()))
    },
  }
}

async function check(target: SshTarget, options: SshOptions): Promise<SshCheck> {
  const dialed = await dialTarget(target, options, never())
  if (!dialed.ok) {
    const { failure } = dialed
    return {
      ok: false,
      message: failure.message,
      failure,
      shownHostKeySha256: failure.shownHostKeySha256 ?? null,
    }
  }
  const { connection, hostKey } = dialed.value
  const message = await tryLaunch(connection, options)
  connection.end()
  return { ok: message === null, message, failure: null, shownHostKeySha256: hostKey.sha256 }
}

function unreachable(failure: DialFailure): Unreachable {
  return { kind: 'unreachable', failure }
}

function never(): AbortSignal {
  return new AbortController().signal
}

import type { Connection } from './connection.ts'
import { dial as dialTarget, type DialOptions } from './dial.ts'
import { examine, type Examination, type TrialRequest } from './examine.ts'
import { follow } from './follow.ts'
import { kill } from './kill.ts'
import { openLaunchChannel } from './launch-channel.ts'
import { launch, type RunTiming } from './launch.ts'
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
import { Spare } from './spare.ts'
import { connectionKey, type DialFailure, type SshTarget } from './target.ts'

export interface SshOptions extends DialOptions, PoolOptions, RunTiming {}

/** What `createSsh` uses where it is told nothing else. All but `channelsPerConnection` (of sshd's MaxSessions, 10), in seconds or as said. `idleSeconds` is for connections and for a channel that waits for the next launch. */
export const SSH_DEFAULTS = {
  agentSocket: null,
  allowPasswords: false,
  readVariable: () => undefined,
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
  /** Why it could not be reached, or did not let us in; null when it did. */
  readonly failure: DialFailure | null
  /** What was found there; null when we did not get in. */
  readonly examination: Examination | null
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
  /** Dials afresh, beside the shared connections, and finds out what a run would meet. */
  check(target: SshTarget, request: TrialRequest): Promise<SshCheck>
  /** Ends all connections. What runs on hosts goes on. */
  close(): Promise<void>
}

export function createSsh(given: Partial<SshOptions> = {}): Ssh {
  const options: SshOptions = { ...SSH_DEFAULTS, ...given }
  const shared = new Map<string, { readonly pool: Pool<Connection>; readonly spare: Spare }>()
  const closing = new AbortController()

  function connectionsOf(target: SshTarget) {
    const key = connectionKey(target)
    const known = shared.get(key)
    if (known !== undefined) return known
    const pool = new Pool(async (signal: AbortSignal) => {
      const dialed = await dialTarget(target, options, signal)
      return dialed.ok ? { ok: true as const, value: dialed.value.connection } : dialed
    }, options)
    const connections = { pool, spare: new Spare(pool, options.idleSeconds) }
    shared.set(key, connections)
    return connections
  }

  /** Does something over one channel of a shared connection. */
  async function over<T>(
    target: SshTarget,
    signal: AbortSignal,
    use: (connection: Pick<Connection, 'execute'>) => Promise<T>,
  ): Promise<T | Unreachable> {
    if (closing.signal.aborted) return unreachable({ kind: 'cancelled', message: 'SSH is closed' })
    const { pool } = connectionsOf(target)
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
    async launch(target, request) {
      const spare = closing.signal.aborted ? null : connectionsOf(target).spare.take()
      if (spare === null) {
        return over(target, request.signal, (connection) =>
          launch(() => openLaunchChannel(connection), request, options),
        )
      }
      const { channel, place } = spare
      try {
        return await launch(() => Promise.resolve({ ok: true, channel }), request, options)
      } finally {
        channel.close()
        place.release()
      }
    },
    follow: (target, request) =>
      over(target, request.signal, (connection) => {
        const onFound = () => {
          // Only now: of a server that allows few channels, the runs that there are get the first.
          void connectionsOf(target).spare.provide()
          return request.onFound?.() ?? Promise.resolve()
        }
        return follow(connection, { ...request, onFound }, options)
      }),
    kill: (target, folder) => over(target, never(), (connection) => kill(connection, folder, options)),
    check: (target, request) => check(target, request, options, closing.signal),
    async close() {
      closing.abort()
      await Promise.all([...shared.values()].map(({ pool }) => pool.close()))
    },
  }
}

/** On connections of its own: usually one, more only where a server allows a connection too few channels. */
async function check(
  target: SshTarget,
  request: TrialRequest,
  options: SshOptions,
  closing: AbortSignal,
): Promise<SshCheck> {
  let shownHostKeySha256: string | null = null
  const pool = new Pool(async (signal: AbortSignal) => {
    const dialed = await dialTarget(target, options, signal)
    if (!dialed.ok) return dialed
    shownHostKeySha256 = dialed.value.hostKey.sha256
    return { ok: true as const, value: dialed.value.connection }
  }, options)
  const close = () => void pool.close()
  closing.addEventListener('abort', close, { once: true })
  try {
    const taken = await pool.take(closing)
    if (!taken.ok) {
      const { failure } = taken
      return { failure, examination: null, shownHostKeySha256: failure.shownHostKeySha256 ?? null }
    }
    const seat = seatOn(pool, taken.value, closing)
    const examination = await examine(seat, request, options, closing)
    if (!closing.aborted) return { failure: null, examination, shownHostKeySha256 }
    const failure: DialFailure = { kind: 'cancelled', message: 'the check was cancelled' }
    return { failure, examination: null, shownHostKeySha256 }
  } finally {
    closing.removeEventListener('abort', close)
    await pool.close()
  }
}

function unreachable(failure: DialFailure): Unreachable {
  return { kind: 'unreachable', failure }
}

function never(): AbortSignal {
  return new AbortController().signal
}

import type { Connection } from './connection.ts'
import { dial as dialTarget, type DialOptions } from './dial.ts'
import type { HostKey } from './host-key.ts'
import { Pool, type Place, type PoolOptions } from './pool.ts'
import { run, type BorrowConnection, type RunTiming } from './run.ts'
import type { RunRequest, RunResult } from './run-result.ts'
import { seatOn, type Seat } from './seat.ts'
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
  lingerSeconds: 1,
} as const satisfies SshOptions

/** One run's place on a host. */
export interface SshSession {
  /** Runs one command. One at a time. Never rejects. */
  run(request: RunRequest): Promise<RunResult>
  /** Gives the place back to others; the connection itself lives on for a while. */
  release(): void
}

export type SshDialResult =
  { readonly ok: true; readonly session: SshSession } | { readonly ok: false; readonly failure: DialFailure }

export interface SshCheck {
  /** It was reached, showed the right key, let us in, and runs commands. */
  readonly ok: boolean
  /** What is wrong, in one sentence; null when nothing is. */
  readonly message: string | null
  readonly failure: DialFailure | null
  /** The host key that it showed, if it got so far. */
  readonly shownHostKeySha256: string | null
}

/** The dispatcher's way to hosts. Every expected ending is a value; nothing here rejects. */
export interface Ssh {
  dial(target: SshTarget, signal: AbortSignal): Promise<SshDialResult>
  /** Dials afresh, beside the shared connections, and runs `true`. */
  check(target: SshTarget): Promise<SshCheck>
  /** Ends all connections. Commands that still run go on on their hosts; their runs end as `connection_lost`. */
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

  return {
    async dial(target, signal) {
      if (closed) return { ok: false, failure: { kind: 'cancelled', message: 'SSH is closed' } }
      const pool = poolOf(target)
      const taken = await pool.take(signal)
      return taken.ok ? { ok: true, session: openSession(pool, taken.value, options) } : taken
    },
    check: (target) => check(target, options),
    async close() {
      closed = true
      const open = [...pools.values()]
      await Promise.all(open.map((pool) => pool.close()))
    },
  }
}

function openSession(pool: Pool<Connection>, place: Place<Connection>, options: SshOptions): SshSession {
  let seat: Seat | null = null
  return {
    run(request) {
      seat = seatOn(pool, place, request.signal)
      return run(seat, borrowFrom(pool), request, options)
    },
    release: () => (seat ?? place).release(),
  }
}

function borrowFrom(pool: Pool<Connection>): BorrowConnection {
  return async (use) => {
    const never = new AbortController().signal
    const taken = await pool.take(never)
    if (!taken.ok) return { gone: false, message: `no connection to kill over: ${taken.failure.message}` }
    const seat = seatOn(pool, taken.value, never)
    try {
      return await use(seat)
    } finally {
      seat.release()
    }
  }
}

async function check(target: SshTarget, options: SshOptions): Promise<SshCheck> {
  const never = new AbortController().signal
  const dialed = await dialTarget(target, options, never)
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
  const result = await run(connection, (use) => use(connection), checkRequest(never, options), options)
  connection.end()
  return describeCheck(result, hostKey)
}

function describeCheck(result: RunResult, hostKey: HostKey): SshCheck {
  const ok = result.kind === 'exited' && result.code === 0
  const reason = 'message' in result ? result.message : `the command true ended as ${JSON.stringify(result)}`
  return { ok, message: ok ? null : reason, failure: null, shownHostKeySha256: hostKey.sha256 }
}

function checkRequest(signal: AbortSignal, options: SshOptions): RunRequest {
  return {
    command: ['true'],
    workdir: null,
    environment: {},
    stdin: '',
    timeoutSeconds: options.startSeconds,
    onOutput: () => Promise.resolve(),
    signal,
  }
}

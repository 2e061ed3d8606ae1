import pg from 'pg'
import { atMostEvery } from './at-most-every.ts'
import type { Queryable } from './pool.ts'

const CHANNEL = 'switchyard_work'
const NOTIFY = /* sql */ `select pg_notify($1, $2)`
/** LISTEN takes no parameters. */
const LISTEN = /* sql */ `listen ${CHANNEL}`

/** Notifications of a process are this far apart; the first goes out at once. */
const NOTIFY_MILLISECONDS = 20
/** How often a silent listening connection is asked whether it still lives. */
const HEARTBEAT_MILLISECONDS = 10_000
const RECONNECT_MILLISECONDS = 2_000

export interface Waker {
  /** Tells every process, soon and once for many calls, that there may be something new to do. */
  wake(): void
}

/**
 * At most one notification per process is under way at a time, and one in 20 ms, the first at once: NOTIFY takes a lock at commit
 * that all of PostgreSQL shares (PostgreSQL documentation, NOTIFY), so it is sent after commits, never inside them, and never once
 * per row. A lost one costs a polling interval and nothing else, which is why its errors are not reported. `origin` names the
 * process, so that its own listener need not hear what it has told itself.
 */
export function createWaker(db: Queryable, origin = ''): Waker {
  const notify = atMostEvery(NOTIFY_MILLISECONDS, async () => {
    await db.query({ name: 'notify', text: NOTIFY, values: [CHANNEL, origin] }).catch(() => undefined)
  })
  return { wake: () => notify.call() }
}

export interface WakeUpListener {
  stop(): Promise<void>
}

/**
 * Calls `onWake` when another process has news, and once after each (re)connection, since something may have been
 * missed. Connections that die are replaced; being without one is no error, only slower. What came from `origin`, the process
 * itself, is not passed on.
 */
export function listenForWakeUps(
  connectionString: string,
  onWake: () => void,
  origin: string | null = null,
): WakeUpListener {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const later = (work: () => void, milliseconds: number): void => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(work, milliseconds).unref()
  }
  const replace = (dead: pg.Client): void => {
    if (client !== dead) return
    client = undefined
    dead.end().catch(() => undefined)
    later(connect, RECONNECT_MILLISECONDS)
  }
  const checkAlive = (current: pg.Client): void => {
    current.query('select 1').then(
      () => later(() => checkAlive(current), HEARTBEAT_MILLISECONDS),
      () => replace(current),
    )
  }
  const connect = (): void => {
    const fresh = new pg.Client({
      connectionString,
      application_name: 'switchyard-wake-ups',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
    })
    client = fresh
    fresh.on('error', () => replace(fresh))
    fresh.on('end', () => replace(fresh))
    fresh.on('notification', ({ payload }) => {
      if (payload !== origin) onWake()
    })
    fresh
      .connect()
      .then(() => fresh.query(LISTEN))
      .then(
        () => {
          onWake()
          later(() => checkAlive(fresh), HEARTBEAT_MILLISECONDS)
        },
        () => replace(fresh),
      )
  }
  connect()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      const last = client
      client = undefined
      await last?.end().catch(() => undefined)
    },
  }
}

export const WAKE_UP_STATEMENTS = { notify: NOTIFY }

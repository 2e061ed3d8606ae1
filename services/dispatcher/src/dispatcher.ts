import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { createHealthServer, createLog, createMetrics, systemClock } from '@switchyard/platform'
import type { Clock, Environment, Log, Readiness } from '@switchyard/platform'
import { createPool, listenForWakeUps, readDatabaseClock, removeDispatcher } from '@switchyard/store'
import type { DispatcherConfig } from './config.ts'
import { waitForDatabase } from './database-wait.ts'
import { createDispatcherMetrics } from './dispatcher-metrics.ts'
import { createEvents } from './events.ts'
import { applyHosts, loadHosts } from './hosts-file.ts'
import { runLoop } from './loop.ts'
import { createOutage } from './outage.ts'
import { reportAlive } from './phases/report.ts'
import { policyOf } from './policy.ts'
import { createReplica } from './replica.ts'
import { endRuns } from './shutdown.ts'
import { createSsh } from './ssh/index.ts'
import type { Ssh } from './ssh/index.ts'

/** What a cycle cannot get hold of, the next one may; its other phases are not to wait for it. */
const CYCLE_LOCK_MILLISECONDS = 2000

export interface Dispatcher {
  /** Names this replica in events. */
  readonly id: string
  readonly healthPort: number
  /** Hands the runs over and closes everything. */
  stop(): Promise<void>
}

export interface DispatcherOverrides {
  readonly ssh?: Ssh
  readonly clock?: Clock
  readonly log?: Log
  /** Aborting it makes an end to waiting for the database at the start. */
  readonly signal?: AbortSignal
}

/**
 * Starts one replica: waits for the database, checks its schema, applies the hosts file, and begins to dispatch. In `env` are the
 * passphrases and passwords whose variables hosts name. Throws HostsFileError, NewerSchemaError or OlderSchemaError; then nothing is left open.
 */
export async function startDispatcher(
  config: DispatcherConfig,
  env: Environment,
  overrides: DispatcherOverrides = {},
): Promise<Dispatcher> {
  const { clock = systemClock, signal: startSignal = new AbortController().signal } = overrides
  const log = overrides.log ?? createLog({ level: config.LOG_LEVEL, service: 'dispatcher' })
  const ssh =
    overrides.ssh ??
    createSsh({
      agentSocket: config.SSH_AUTH_SOCK ?? null,
      allowPasswords: config.SWITCHYARD_ALLOW_PASSWORDS,
      readVariable: (name) => env[name],
    })
  const hostsFile = config.SWITCHYARD_HOSTS_FILE
  const hosts = hostsFile === undefined ? [] : await loadHosts(hostsFile)

  const dispatcherId = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const metrics = createMetrics()
  const events = createEvents(log.child({ dispatcherId }), createDispatcherMetrics(metrics))
  const outage = createOutage(events)
  const poolOptions = {
    connectionString: config.DATABASE_URL,
    applicationName: 'switchyard-dispatcher',
    transactionPooling: config.SWITCHYARD_LISTEN === 'off',
    onIdleError: (error: Error) => void outage.noticed(error),
  }
  const pool = createPool({ ...poolOptions, maxConnections: config.SWITCHYARD_DATABASE_CONNECTIONS })
  const cyclePool = createPool({
    ...poolOptions,
    maxConnections: 2,
    lockTimeoutMilliseconds: CYCLE_LOCK_MILLISECONDS,
  })
  const { context, runs, checks, bell, cycle } = createReplica({
    ...{ dispatcherId, pool, cyclePool, clock, ssh, events, outage },
    policy: policyOf(config),
    random: Math.random,
  })
  let state: Readiness = { ready: false, reason: 'waiting for the database' }
  const health = createHealthServer({
    metrics,
    async readiness() {
      if (state.ready) await readDatabaseClock(pool)
      return state
    },
  })
  async function close(): Promise<void> {
    await ssh.close()
    await checks.settled()
    await pool.end()
    await cyclePool.end()
    await health.close()
  }

  const stopping = new AbortController()
  let healthPort: number
  try {
    healthPort = await health.listen(config.SWITCHYARD_HEALTH_HOST, config.SWITCHYARD_HEALTH_PORT)
    const found = await waitForDatabase(context, startSignal)
    if (!found) stopping.abort()
    else if (hostsFile !== undefined) await applyHosts(pool, hostsFile, hosts)
  } catch (error) {
    await close()
    throw error
  }
  state = { ready: true }

  const looping = runLoop({
    ...{ cycle, clock, bell, random: context.random, signal: stopping.signal },
    intervalSeconds: context.policy.intervalSeconds,
  })
  const listener =
    config.SWITCHYARD_LISTEN === 'on'
      ? listenForWakeUps(config.DATABASE_URL, () => bell.ring(), dispatcherId)
      : null
  log.info({ dispatcherId, healthPort, hosts: hosts.length }, 'dispatching')

  return {
    id: dispatcherId,
    healthPort,
    async stop() {
      state = { ready: false, reason: 'stopping' }
      stopping.abort()
      runs.drain()
      await listener?.stop()
      await looping
      await reportAlive(context, true).catch((error: unknown) => outage.noticed(error))
      await endRuns(runs, clock)
      await removeDispatcher(pool, dispatcherId).catch((error: unknown) => outage.noticed(error))
      await close()
    },
  }
}

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import { flipUndecided } from '@switchyard/store'
import { createClient } from '../../demo/client.ts'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { HOST_COMMAND, openGate } from './gates.ts'
import { auditRound } from './round-audit.ts'

const ROUNDS = Number(process.env['SWITCHYARD_RACE_ROUNDS'] ?? 1)
const SEED = Number(process.env['SWITCHYARD_RACE_SEED'] ?? Date.now() % 1_000_000)
const ROUND_SECONDS = 60

const DISPATCHERS = 3
const HOSTS = 3
const SLOTS = 4
const AGENTS = 8
/** Undecided ones that come first: enough for everybody, and some more, so that nobody can take so many that others get none. */
const FIRST = HOSTS * SLOTS + AGENTS + 4
const UNDECIDED = 100
const BY_REQUEST = 38
/** How many undecided tasks become http_pull in the middle of it all, as phase 2 would do it. */
const FLIPS = 20

type Mode = 'undecided' | 'ssh_cli' | 'http_pull'

describe('dispatchers and pulling agents compete', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let stack: Stack
  const agents: ChildProcess[] = []
  const crashes: string[] = []

  beforeAll(async () => {
    // Otherwise sshd begins to refuse connections at random when ten are just being made (sshd_config(5), MaxStartups).
    const startSshServer = startSshd({ config: ['MaxStartups 100'] })
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshServer])
    stack = await startStack({ databaseUrl: database.connectionString, apis: 2 })
    await Promise.all(Array.from({ length: DISPATCHERS }, () => stack.startDispatcher()))
    for (let index = 0; index < HOSTS; index += 1) {
      const env = { RACE_DIRECTORY: stack.directory }
      await stack.putHost(sshd, { labels: ['race'], max_concurrent: SLOTS, env, command: HOST_COMMAND })
    }
    for (let index = 0; index < AGENTS; index += 1) await startAgent(index)
  }, 120_000)

  afterAll(async () => {
    await Promise.all(
      agents.map(async (agent) => {
        if (agent.exitCode !== null || agent.signalCode !== null) return
        const exited = once(agent, 'exit')
        agent.disconnect()
        await exited
      }),
    )
    await stack.stop()
    await sshd.stop()
    await database.drop()
  }, 60_000)

  /** Every second one has a limit, because claims with and without one are different statements. */
  async function startAgent(index: number): Promise<void> {
    const { id, client } = await stack.registerAgent(['race'], index % 2 === 0 ? 1 : undefined)
    const url = stack.urls[index % stack.urls.length]!
    const program = fileURLToPath(new URL('agent.process.ts', import.meta.url))
    const agent = fork(program, [url, client.token, id, stack.directory], {
      execArgv: ['--import', 'tsx', '--conditions=@switchyard/source'],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    agent.once('exit', (code, signal) => crashes.push(`agent ${id} ended (${String(code ?? signal)})`))
    agents.push(agent)
  }

  /** Creates tasks at both APIs, ten at a time. */
  async function createTasks(round: string, modes: readonly Mode[]): Promise<void> {
    const clients = stack.urls.map((url) => createClient(url, stack.client.token))
    const left = modes.entries()
    async function work(): Promise<void> {
      for (const [index, mode] of left) {
        const body = { title: round, prompt: 'race', requires: ['race'], execution_mode: mode }
        await clients[index % clients.length]!.call(ROUTES.createTask, { body })
      }
    }
    await Promise.all(Array.from({ length: 10 }, work))
  }

  async function count(round: string, statuses: readonly string[]): Promise<number> {
    const { rows } = await database.pool.query<{ count: number }>(
      'select count(*) as count from tasks where title = $1 and status = any($2)',
      [round, statuses],
    )
    expect(crashes).toEqual([])
    return rows[0]!.count
  }

  async function playRound(round: string, random: () => number): Promise<void> {
    const modes: Mode[] = [
      ...Array.from({ length: UNDECIDED }, () => 'undecided' as const),
      ...Array.from({ length: BY_REQUEST }, () => 'ssh_cli' as const),
      ...Array.from({ length: BY_REQUEST }, () => 'http_pull' as const),
    ]
    await createTasks(
      round,
      Array.from({ length: FIRST }, () => 'undecided' as const),
    )
    const everybody = HOSTS * SLOTS + AGENTS
    await until(
      'everybody holds a task',
      async () => (await count(round, ['claimed', 'running'])) === everybody,
      30,
    )

    openGate(stack.directory, round)
    const total = FIRST + modes.length
    let flips = 0
    async function allHaveEnded(): Promise<boolean> {
      if (flips < FLIPS) flips += await flipUndecided(database.pool, 0, { limit: 1, actor: 'phase 2' })
      return (await count(round, ['succeeded', 'failed', 'cancelled'])) === total
    }
    const [waited] = await Promise.allSettled([
      until('all tasks have ended', allHaveEnded, ROUND_SECONDS),
      createTasks(round, shuffled(modes, random)),
    ])

    const { tasks, faults } = await auditRound(database.pool, stack.directory, round)
    expect(faults).toEqual([])
    expect(waited).toMatchObject({ status: 'fulfilled' })
    expect(tasks).toHaveLength(total)
    const undecided = tasks.filter(({ requestedMode }) => requestedMode === 'undecided')
    const doers = new Set(undecided.map(({ agentId }) => agentId))
    expect(doers.size).toBe(HOSTS + AGENTS)
    const pushed = undecided.filter(({ executionMode }) => executionMode === 'ssh_cli').length
    expect(pushed).toBeGreaterThanOrEqual(HOSTS * SLOTS)
    expect(undecided.length - pushed).toBeGreaterThanOrEqual(AGENTS)
  }

  it(
    `and each task has one owner and is done once, none is lost, nobody starves (${ROUNDS} round(s))`,
    telling(
      () => stack,
      async () => {
        for (let index = 1; index <= ROUNDS; index += 1) {
          await playRound(`round-${index}`, generator(SEED + index)).catch((error: unknown) => {
            throw new Error(`round ${index} of ${ROUNDS} failed (SWITCHYARD_RACE_SEED=${SEED})`, {
              cause: error,
            })
          })
        }
      },
    ),
    (ROUND_SECONDS + 30) * 1000 * ROUNDS,
  )
})

/** Numbers in [0, 1) that a seed repeats (Mulberry32 by Tommy Ettinger, public domain). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    ;[result[index], result[other]] = [result[other]!, result[index]!]
  }
  return result
}

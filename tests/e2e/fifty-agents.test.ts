import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startAgentProcess, type AgentProcess } from '../support/agent-process.ts'
import { buildCommandLine } from '../support/command-line.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { processesWithVariable } from '../support/processes.ts'
import { ADMIN_TOKEN, startStack, telling, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const AGENTS = 50
const KILLED = 5
const MORE_TASKS = 150
/** Waits for the gate that the title names, then writes a line of its own into the ledger. */
const COMMAND =
  'cat > /dev/null; until [ -e "$LEDGER.$SWITCHYARD_TITLE" ]; do sleep 0.1; done; ' +
  'echo "$SWITCHYARD_TASK_ID $SWITCHYARD_ATTEMPT $SWITCHYARD_AGENT_ID" >> "$LEDGER"'

let database: TestDatabase
let stack: Stack
let ledger: string
const agents: AgentProcess[] = []

beforeAll(async () => {
  ;[database] = await Promise.all([createTestDatabase(), buildCommandLine()])
  stack = await startStack({
    databaseUrl: database.connectionString,
    // Long enough that none of fifty processes on a busy machine loses it by being late.
    env: { SWITCHYARD_LEASE_SECONDS: '30' },
  })
  await stack.startDispatcher()
  ledger = join(stack.directory, 'ledger')
  await writeFile(ledger, '')
  for (let index = 1; index <= AGENTS; index += 1) agents.push(startAgent(`crowd-${index}`))
  await Promise.all(agents.map((agent) => agent.untilRunning(90)))
}, 120_000)

afterAll(async () => {
  for (const agent of agents) agent.kill('SIGKILL')
  await Promise.all(agents.map(({ ended }) => ended))
  await stack.stop()
  await database.drop()
})

function startAgent(id: string): AgentProcess {
  const env = { SWITCHYARD_URL: stack.urls[0]!, SWITCHYARD_TOKEN: ADMIN_TOKEN, LEDGER: ledger }
  return startAgentProcess(env, ['--id', id, '--', 'sh', '-c', COMMAND], stack.directory, { built: true })
}

/** Makes so many tasks that wait for the gate, ten at a time. */
async function createTasks(gate: string, count: number): Promise<void> {
  let left = count
  async function create(): Promise<void> {
    while (left-- > 0) await stack.createTask({ title: gate, execution_mode: 'http_pull' })
  }
  await Promise.all(Array.from({ length: 10 }, create))
}

async function untilCounted(status: string, count: number): Promise<void> {
  await until(
    `${count} tasks are ${status}`,
    async () => {
      const { rows } = await database.pool.query('select 1 from tasks where status = $1', [status])
      return rows.length === count
    },
    120,
  )
}

const openGate = (gate: string): Promise<void> => writeFile(`${ledger}.${gate}`, '')

async function linesOfLedger(): Promise<{ task: string; attempt: number; agent: string }[]> {
  const lines = (await readFile(ledger, 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const [task = '', attempt = '', agent = ''] = line.split(' ')
    return { task, attempt: Number(attempt), agent }
  })
}

describe('fifty agents on one machine', () => {
  it(
    'do each task once while some of them are killed, and drain',
    telling(
      () => stack,
      async () => {
        await createTasks('first', AGENTS)
        await untilCounted('running', AGENTS)
        const killed = agents.slice(0, KILLED)
        const living = agents.slice(KILLED)
        for (const agent of killed) agent.kill('SIGKILL')
        await Promise.all(killed.map(({ ended }) => ended))
        // Their commands end with them: one that lived on would find the gate open.
        await until('what the killed ones had started is gone', () =>
          killed.every(
            (_, index) => processesWithVariable(`SWITCHYARD_AGENT_ID=crowd-${index + 1}`).length === 0,
          ),
        )
        await createTasks('first', MORE_TASKS)
        await openGate('first')
        await untilCounted('succeeded', AGENTS + MORE_TASKS)

        const done = await linesOfLedger()
        expect(done).toHaveLength(AGENTS + MORE_TASKS)
        expect(new Set(done.map(({ task }) => task)).size).toBe(AGENTS + MORE_TASKS)
        // What the killed ones held was done by others.
        expect(done.filter(({ attempt }) => attempt === 2)).toHaveLength(KILLED)
        expect(new Set(done.map(({ agent }) => agent)).size).toBe(AGENTS - KILLED)

        await createTasks('last', living.length)
        await untilCounted('running', living.length)
        for (const agent of living) agent.kill('SIGTERM')
        await until('all of them drain', () =>
          living.every((agent) => agent.errors().includes('no new tasks')),
        )
        const later = await stack.createTask({ title: 'last', execution_mode: 'http_pull' })
        await openGate('last')
        expect(await Promise.all(living.map(({ ended }) => ended))).toEqual(living.map(() => 0))
        expect(await linesOfLedger()).toHaveLength(AGENTS + MORE_TASKS + living.length)
        expect(await stack.task(later.id)).toMatchObject({ status: 'pending', deliveries: 0 })
        // The agents, and all that they have started.
        expect(processesWithVariable(`LEDGER=${ledger}`)).toEqual([])
      },
    ),
    300_000,
  )
})

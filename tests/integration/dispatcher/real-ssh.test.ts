import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import type { Ssh } from '@switchyard/dispatcher/ssh'
import { systemClock } from '@switchyard/platform'
import { cancelTask, getHost, getTask, listTaskEvents, readLog } from '@switchyard/store'
import type { HostDefinition } from '@switchyard/store'
import type { LocalSshServer } from '../../../demo/ssh-server.ts'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { isAlive } from '../../support/processes.ts'
import { testReplica } from '../../support/replica.ts'
import { startSshd } from '../../support/sshd.ts'
import { addHost, addTask } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

describe('the dispatcher and a real SSH server', () => {
  let database: TestDatabase
  let server: LocalSshServer
  let ssh: Ssh
  let runs: string
  beforeAll(async () => {
    database = await createTestDatabase()
    server = await startSshd()
  })
  beforeEach(() => {
    ssh = createSsh({ killGraceSeconds: 0.3 })
    runs = mkdtempSync(join(tmpdir(), 'switchyard-runs-'))
  })
  afterEach(async () => {
    await ssh.close()
    await database.pool.query('delete from agents')
    await database.pool.query('delete from tasks')
    rmSync(runs, { recursive: true })
  })
  afterAll(async () => {
    await server.stop()
    await database.drop()
  })

  function addServer(changes: Partial<HostDefinition>): Promise<string> {
    const { address, port, user, privateKeyPath, hostKeySha256 } = server
    const env = { SWITCHYARD_RUNS_DIR: runs, ...changes.env }
    return addHost(database.pool, { address, port, user, privateKeyPath, hostKeySha256, ...changes, env })
  }

  async function logOf(taskId: string): Promise<string> {
    return (await readLog(database.pool, taskId, null, 0))?.content.toString() ?? ''
  }

  it('run a command to its end: prompt in, output and result out', async () => {
    await addServer({
      command: [
        'sh',
        '-c',
        'echo "task $SWITCHYARD_TASK_ID on $GREETING"; cat; echo "{\\"branch\\":\\"fix\\"}" > "$SWITCHYARD_RESULT_FILE"',
      ],
      env: { GREETING: 'a b' },
    })
    const task = await addTask(database.pool, { prompt: 'do it; echo $HOME\n', requires: [] })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await replica.runs.idle()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'succeeded',
      result: { summary: `task ${task.id} on a b\ndo it; echo $HOME`, branch: 'fix', exit_code: 0 },
    })
    expect(await logOf(task.id)).toBe(`task ${task.id} on a b\ndo it; echo $HOME\n`)
  })

  it('hand a run over in a drain: it goes on, and whoever comes next follows it from the next byte', async () => {
    const go = join(runs, 'go')
    await addServer({
      command: ['sh', '-c', 'echo "$$ begun"; until [ -e "$1" ]; do sleep 0.05; done; echo ended', 'sh', go],
    })
    const task = await addTask(database.pool, { requires: [] }, null)
    const first = testReplica(database.pool, ssh, { clock: systemClock, id: 'first' })
    await first.cycle()
    const pid = parseInt(await until('it has begun', async () => (await logOf(task.id)) || null))
    first.runs.drain()
    await first.runs.idle()
    await ssh.close()
    expect(isAlive(pid)).toBe(true)
    expect(await getTask(database.pool, task.id)).toMatchObject({ status: 'orphaned', attempt: 1 })

    ssh = createSsh()
    const second = testReplica(database.pool, ssh, { clock: systemClock, id: 'second' })
    expect(await second.cycle()).toMatchObject({ adopted: 1 })
    await until('it is adopted', async () => (await getTask(database.pool, task.id))?.status === 'running')
    writeFileSync(go, '')
    await second.runs.idle()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'succeeded',
      attempt: 1,
      result: { summary: `${pid} begun\nended` },
    })
    expect(await logOf(task.id)).toBe(`${pid} begun\nended\n`)
    const events = (await listTaskEvents(database.pool, task.id)).map(
      ({ event, actor }) => `${event} ${actor}`,
    )
    expect(events.slice(2)).toEqual(['start first', 'orphan first', 'adopt second', 'succeed second'])
  })

  it('end a run that was cancelled while nobody followed it', async () => {
    await addServer({ command: ['sh', '-c', 'echo $$; sleep 600'] })
    const task = await addTask(database.pool, { requires: [] }, null)
    const first = testReplica(database.pool, ssh, { clock: systemClock })
    await first.cycle()
    const pid = Number(await until('it has begun', async () => (await logOf(task.id)) || null))
    first.runs.drain()
    await first.runs.idle()
    await cancelTask(database.pool, task.id, { reason: 'issue closed', actor: 'forge' })
    const second = testReplica(database.pool, ssh, { clock: systemClock })
    await second.cycle()
    await second.runs.idle()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'cancelled',
      cancelReason: 'issue closed',
    })
    expect(isAlive(pid)).toBe(false)
  })

  it('end a run that says nothing as soon as they look, long before its lease is due', async () => {
    await addServer({ command: ['sh', '-c', 'echo $$; exec sleep 600'] })
    const task = await addTask(database.pool, { requires: [] })
    // Its clock stands still, so there is no heartbeat.
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    const folder = join(runs, `${task.id}-1`)
    const pid = await until('it has begun', () => pidIn(join(folder, 'log')))
    expect(await replica.cycle()).toMatchObject({ cancelling: 0 })
    await cancelTask(database.pool, task.id, { reason: 'issue closed', actor: 'forge', now: at(0) })
    expect(await replica.cycle()).toMatchObject({ cancelling: 1 })
    await replica.runs.idle()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'cancelled',
      cancelReason: 'issue closed',
    })
    expect(isAlive(pid)).toBe(false)
    expect(await replica.cycle()).toMatchObject({ cancelling: 0 })
  })

  it('part when the host shows another key, and say which', async () => {
    const hostId = await addServer({ hostKeySha256: `SHA256:${'z'.repeat(43)}` })
    const task = await addTask(database.pool, { requires: [] }, at(0))
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await replica.runs.idle()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'pending',
      executionMode: 'undecided',
    })
    const host = await getHost(database.pool, hostId)
    expect(host).toMatchObject({ failures: 1, shownHostKeySha256: server.hostKeySha256 })
    expect(host?.lastError).toContain(server.hostKeySha256)
  })
})

/** The process that a command named in its log; null as long as it has not. */
function pidIn(file: string): number | null {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text.endsWith('\n') ? Number(text) : null
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import type { Ssh } from '@switchyard/dispatcher/ssh'
import { systemClock } from '@switchyard/platform'
import { getHost, getTask, readLog } from '@switchyard/store'
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
  beforeAll(async () => {
    database = await createTestDatabase()
    server = await startSshd()
  })
  beforeEach(() => void (ssh = createSsh({ killGraceSeconds: 0.3, lingerSeconds: 0.3 })))
  afterEach(async () => {
    await ssh.close()
    await database.pool.query('delete from agents')
    await database.pool.query('delete from tasks')
  })
  afterAll(async () => {
    await server.stop()
    await database.drop()
  })

  function addServer(changes: Partial<HostDefinition>): Promise<string> {
    const { address, port, user, privateKeyPath, hostKeySha256 } = server
    return addHost(database.pool, { address, port, user, privateKeyPath, hostKeySha256, ...changes })
  }

  async function logOf(taskId: string): Promise<string> {
    return (await readLog(database.pool, taskId, null, 0))?.content.toString() ?? ''
  }

  it('run a command to its end: prompt in, output and result out', async () => {
    await addServer({
      command: ['sh', '-c', 'echo "task $SWITCHYARD_TASK_ID on $GREETING"; cat'],
      env: { GREETING: 'a b' },
    })
    const task = await addTask(database.pool, { prompt: 'do it; echo $HOME\n', requires: [] })
    const replica = testReplica(database.pool, ssh)
    await replica.cycle()
    await replica.runs.idle()
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'succeeded',
      result: { summary: `task ${task.id} on a b\ndo it; echo $HOME`, exit_code: 0 },
    })
    expect(await logOf(task.id)).toBe(`task ${task.id} on a b\ndo it; echo $HOME\n`)
  })

  it('stop a command for good before its task goes back to the queue', async () => {
    await addServer({ command: ['sh', '-c', 'echo $$; exec sleep 600'] })
    const task = await addTask(database.pool, { requires: [] }, null)
    const replica = testReplica(database.pool, ssh, { clock: systemClock })
    await replica.cycle()
    const pid = Number(await until('it has told its process id', async () => (await logOf(task.id)) || null))
    expect(isAlive(pid)).toBe(true)
    replica.runs.stopAll()
    await replica.runs.idle()
    expect(isAlive(pid)).toBe(false)
    expect(await getTask(database.pool, task.id)).toMatchObject({
      status: 'pending',
      attempt: 1,
      forgivenAttempts: 1,
    })
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

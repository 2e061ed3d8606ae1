import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import { readLog } from '@switchyard/store'
import type { ReadyService } from '../../demo/service.ts'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { isAlive } from '../support/processes.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, telling, type Stack } from '../support/stack.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const LEASE = { SWITCHYARD_LEASE_SECONDS: '2', SWITCHYARD_RECONNECT_SECONDS: '60' }

/** Says the first of a character's three bytes, waits until it is told to go on, and says the other two. */
const COMMAND = `\
echo $$ > "$LEDGER.pid"
echo "attempt $SWITCHYARD_ATTEMPT began" >> "$LEDGER"
printf 'before \\342'
until [ -e "$GATE" ]; do sleep 0.05; done
printf '\\202\\254 after\\n'
echo "attempt $SWITCHYARD_ATTEMPT ended" >> "$LEDGER"
`
const SAID_FIRST = Buffer.from([...Buffer.from('before '), 0xe2])
const SAID = Buffer.from('before € after\n')

describe('a run on a real host', () => {
  let database: TestDatabase
  let sshd: LocalSshServer
  let host: TcpProxy
  let stack: Stack
  const proxies: TcpProxy[] = []

  beforeAll(async () => {
    ;[database, sshd] = await Promise.all([createTestDatabase(), startSshd()])
    host = await startTcpProxy(sshd.port)
    proxies.push(host)
    stack = await startStack({ databaseUrl: database.connectionString })
  })
  afterEach(() => stack.stopDispatchers())
  afterAll(async () => {
    await stack.stop()
    await Promise.all(proxies.map((proxy) => proxy.stop()))
    await sshd.stop()
    await database.drop()
  })

  interface Begun {
    readonly id: string
    readonly pid: number
    readonly log: () => Promise<Buffer>
    /** Who did what, from the start on. */
    readonly story: () => Promise<string[]>
    readonly adopted: () => Promise<void>
    /** Lets the command go on, and sees that it ran once, with all its output. */
    readonly finish: () => Promise<void>
  }

  /** A task whose first byte of a character is stored while its command waits. */
  async function begin(name: string): Promise<Begun> {
    const ledger = join(stack.directory, `${name}.ledger`)
    const env = { GATE: join(stack.directory, `${name}.gate`), LEDGER: ledger }
    await stack.putHost({ ...sshd, port: host.port }, { labels: [name], env, command: ['sh', '-c', COMMAND] })
    const { id } = await stack.createTask({ requires: [name] })
    const log = async () => (await readLog(database.pool, id, null, 0))?.content ?? Buffer.alloc(0)
    await until('the first byte is stored', async () => (await log()).equals(SAID_FIRST))
    const story = async () => (await stack.events(id)).slice(2).map(({ event, actor }) => `${event} ${actor}`)
    return {
      id,
      pid: Number(await readFile(`${ledger}.pid`, 'utf8')),
      log,
      story,
      async adopted() {
        await until('it is adopted', async () => (await story()).some((line) => line.startsWith('adopt')))
      },
      async finish() {
        await writeFile(env.GATE, '')
        expect(await stack.untilEnded(id)).toMatchObject({ status: 'succeeded', attempt: 1 })
        expect(await log()).toEqual(SAID)
        expect((await readFile(ledger, 'utf8')).trim().split('\n')).toEqual([
          'attempt 1 began',
          'attempt 1 ended',
        ])
      },
    }
  }

  /** Starts one dispatcher alone, has it begin a task, then starts another one. */
  async function beginWithTwo(
    name: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Begun & { readonly first: ReadyService }> {
    const first = await stack.startDispatcher({ ...LEASE, ...variables })
    const begun = await begin(name)
    await stack.startDispatcher(LEASE)
    return { ...begun, first }
  }

  /** Everything from the adoption on is the second's doing. */
  function expectTwoHolders(story: string[]): void {
    const events = story.map((line) => line.split(' ')[0])
    expect(events).toEqual(['start', 'orphan', 'adopt', 'succeed'])
    const [starter, , adopter, ender] = story.map((line) => line.slice(line.indexOf(' ') + 1))
    expect(adopter).not.toBe(starter)
    expect(ender).toBe(adopter)
  }

  it(
    'goes on past a dispatcher that is stopped for longer than its lease, which lets go when it wakes up',
    telling(
      () => stack,
      async () => {
        const { first, pid, log, story, adopted, finish } = await beginWithTwo('stopped')
        first.kill('SIGSTOP')
        await adopted()
        first.kill('SIGCONT')
        await until('it lets go', async () => (await stack.logs()).includes('"msg":"lease lost"'))
        expect(isAlive(pid)).toBe(true)
        expect(await log()).toEqual(SAID_FIRST)
        await finish()
        expectTwoHolders(await story())
      },
    ),
  )

  it(
    'goes on past a dispatcher that is cut off from the database, which lets go of it',
    telling(
      () => stack,
      async () => {
        const url = new URL(database.connectionString)
        const proxy = await startTcpProxy(Number(url.port))
        proxies.push(proxy)
        url.port = String(proxy.port)
        const { pid, story, adopted, finish } = await beginWithTwo('database', { DATABASE_URL: url.href })
        proxy.close()
        await adopted()
        proxy.open()
        expect(isAlive(pid)).toBe(true)
        await finish()
        expectTwoHolders(await story())
      },
    ),
  )

  it(
    'is followed from the very byte when its host is cut off within a character',
    telling(
      () => stack,
      async () => {
        await stack.startDispatcher(LEASE)
        const { log, story, finish } = await begin('host')
        host.close()
        await until('the cut is noticed', async () => (await stack.logs()).includes('cannot be reached'))
        expect(await log()).toEqual(SAID_FIRST)
        host.open()
        await finish()
        expect((await story()).map((line) => line.split(' ')[0])).toEqual(['start', 'succeed'])
      },
    ),
  )

  it(
    'is adopted from the very byte when its dispatcher is killed within a character',
    telling(
      () => stack,
      async () => {
        const { first, story, adopted, finish } = await beginWithTwo('killed')
        first.kill()
        await adopted()
        await finish()
        expectTwoHolders(await story())
      },
    ),
  )

  it(
    'is ended by another dispatcher when it is cancelled while its own is dead',
    telling(
      () => stack,
      async () => {
        const { id, first, pid, story } = await beginWithTwo('cancelled')
        first.kill()
        await first.exited
        await stack.client.call(ROUTES.cancelTask, {
          params: { task_id: id },
          body: { reason: 'the issue was closed' },
        })
        expect((await stack.untilEnded(id)).status).toBe('cancelled')
        expect(isAlive(pid)).toBe(false)
        const actors = (await story()).map((line) => line.split(' '))
        expect(actors.map(([event]) => event)).toEqual(
          expect.arrayContaining(['start', 'orphan', 'confirm_cancel']),
        )
        expect(actors.at(-1)?.[1]).not.toBe(actors[0]?.[1])
        expect(existsSync(join(stack.directory, 'cancelled.gate'))).toBe(false)
      },
    ),
  )
})

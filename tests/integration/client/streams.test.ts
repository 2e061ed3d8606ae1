import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from '@switchyard/client'
import type { Client, FollowedLog } from '@switchyard/client'
import { dequeued, postTask, TOKENS } from '../../support/api.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi()
let proxy: TcpProxy
/** How often the client had to begin again. */
let retries = 0

beforeAll(async () => {
  proxy = await startTcpProxy(api.port)
})
afterAll(() => proxy.stop())

function overTheProxy(): Client {
  const onRetry = (): void => void (retries += 1)
  return createClient({ baseUrl: `http://127.0.0.1:${proxy.port}`, token: TOKENS.admin, onRetry })
}

describe('a followed log', () => {
  it('goes on from the very byte after the connection was cut, and stays with its attempt', async () => {
    const { task, lease, agent } = await dequeued(api)
    const own = createClient({ baseUrl: api.url, token: agent.token })
    const claim = { task_id: task.id, lease_token: lease.token }
    const pieces: FollowedLog[] = []
    const following = (async () => {
      for await (const piece of overTheProxy().followTaskLogs({ task_id: task.id })) pieces.push(piece)
    })()
    const text = (): string => pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')
    let offset = 0
    for (const words of ['Grüße ', 'im ', 'Tunnel 🚆']) {
      offset = (await own.appendTaskLog({ ...claim, offset, text: words })).next_offset
      await until('it was read', () => text().endsWith(words))
      proxy.cut()
    }
    await own.completeTask(claim)
    await following
    expect(text()).toBe('Grüße im Tunnel 🚆')
    expect(pieces.at(-1)).toEqual({
      kind: 'end',
      attempt: 1,
      next_offset: offset,
      produced_bytes: offset,
      stored_bytes: offset,
      cut: false,
    })
  })

  it('of a task that is not there is refused', async () => {
    const log = overTheProxy().followTaskLogs({ task_id: '01890000-0000-7000-8000-000000000000' })
    await expect(log.next()).rejects.toMatchObject({ code: 'task_not_found' })
  })
})

describe('the stream of events', () => {
  it('misses nothing that happens while it is cut off, also before its first event', async () => {
    const over = new AbortController()
    const events = overTheProxy().streamEvents({}, { signal: over.signal })
    const first = events.next()
    await api.untilWaiting()
    for (const next of [first, null]) {
      const before = retries
      const event = next ?? events.next()
      proxy.close()
      const { id } = await postTask(api)
      await until('it has noticed', () => retries > before)
      proxy.open()
      expect((await event).value).toMatchObject({ task_id: id, event: 'created' })
    }
    const waiting = events.next()
    over.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})

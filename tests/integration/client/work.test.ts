import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { createClient, TaskFailure, TaskRelease, WorkAborted } from '@switchyard/client'
import type { Client, WorkEvent, WorkHandler, WorkOptions, Worker } from '@switchyard/client'
import { postAgent, TOKENS, type TestAgent } from '../../support/api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi({ config: { SWITCHYARD_LEASE_SECONDS: 3 } })

function admin(): Client {
  return createClient({ baseUrl: api.url, token: TOKENS.admin })
}

interface Working {
  readonly worker: Worker
  readonly agent: TestAgent
  readonly events: WorkEvent[]
  readonly createTask: (prompt?: string) => Promise<string>
}

async function startWorking(
  handler: WorkHandler,
  options: Partial<WorkOptions> & { fetch?: typeof fetch } = {},
): Promise<Working> {
  const agent = await postAgent(api)
  const { fetch, ...rest } = options
  const client = createClient({ baseUrl: api.url, token: agent.token, fetch })
  const events: WorkEvent[] = []
  const worker = client.work(handler, {
    agentId: agent.id,
    onEvent: (event) => events.push(event),
    ...rest,
  })
  return {
    ...{ worker, agent, events },
    createTask: async (prompt = 'Do it.') =>
      (await admin().createTask({ title: 'Do it', prompt, requires: agent.labels })).id,
  }
}

const untilStatus = (id: string, ...statuses: string[]) =>
  until(`task ${id} is ${statuses.join(' or ')}`, async () => {
    const task = await admin().getTask({ task_id: id })
    return statuses.includes(task.status) ? task : null
  })

/** Resolves with the reason when the signal aborts. */
function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  })
}

/** A network that can be made to swallow everything. */
function stallingFetch(): { fetch: typeof fetch; stalled: boolean; swallowed: number } {
  const network = {
    stalled: false,
    swallowed: 0,
    fetch: (async (input, init) => {
      if (network.stalled) {
        network.swallowed += 1
        throw await aborted(init!.signal!)
      }
      return fetch(input, init)
    }) as typeof fetch,
  }
  return network
}

describe('work', () => {
  it('reports what the handler returns or throws', async () => {
    const endings: Record<string, () => unknown> = {
      returns: () => ({ summary: 'fine', more: [1] }),
      nothing: () => undefined,
      fails: () => {
        throw new TaskFailure('hopeless', { code: 'too_hard', retryable: false })
      },
      throws: () => {
        throw new Error('broken \0 and \ud800 half')
      },
      releases: () => {
        throw new TaskRelease('not for me')
      },
      refused: () => ({ summary: '\0' }),
    }
    const working = await startWorking((task) => endings[task.prompt]?.() as undefined, { maxConcurrent: 1 })
    const ended = async (prompt: string, ...statuses: string[]) =>
      untilStatus(await working.createTask(prompt), ...statuses)
    expect(await ended('returns', 'succeeded')).toMatchObject({ result: { summary: 'fine', more: [1] } })
    expect(await ended('nothing', 'succeeded')).toMatchObject({ result: {} })
    expect(await ended('fails', 'failed')).toMatchObject({ error: { code: 'too_hard', message: 'hopeless' } })
    await ended('throws', 'scheduled')
    await until('it is told', () =>
      working.events.some((event) => event.kind === 'failed' && event.message === 'broken  and  half'),
    )
    expect(await ended('refused', 'failed')).toMatchObject({ error: { code: 'invalid_result' } })
    const released = await working.createTask('releases')
    await until('it was released', () => working.events.some(({ kind }) => kind === 'released'))
    await working.worker.stop()
    await untilStatus(released, 'pending')
  })

  it('gives back the task whose answer was on its way when it was stopped', async () => {
    const slow: typeof fetch = async (input, init) => {
      const response = await fetch(input, { ...init, signal: null })
      if (!new URL(input).pathname.endsWith('/dequeue') || response.status !== 200 || handedOver)
        return response
      handedOver = true
      throw await aborted(init!.signal!)
    }
    let handedOver = false
    const { worker, createTask, events } = await startWorking(() => undefined, { fetch: slow })
    const id = await createTask()
    await until('the server has answered', () => handedOver)
    expect(await admin().getTask({ task_id: id })).toMatchObject({ status: 'claimed' })
    await worker.stop()
    expect(await admin().getTask({ task_id: id })).toMatchObject({ status: 'pending', attempt: 0 })
    expect(events).toMatchObject([{ kind: 'released', task: { id } }])
  })

  it('loses nothing although the first answer to every kind of call is lost', async () => {
    const answered = new Set<string>()
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      const path = new URL(input).pathname
      if (answered.has(path)) return response
      answered.add(path)
      await response.arrayBuffer()
      throw new TypeError('fetch failed')
    }
    const { worker, createTask, events } = await startWorking(
      async (_, { log, logged }) => {
        log('first, ')
        await logged()
        log('secönd 🚆')
        return { summary: 'done' }
      },
      { fetch: losing },
    )
    const id = await createTask()
    const task = await untilStatus(id, 'succeeded')
    await worker.stop()
    expect(task).toMatchObject({ attempt: 1, deliveries: 1, result: { summary: 'done' } })
    expect((await admin().getTaskLogs({ task_id: id })).text).toBe('first, secönd 🚆')
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'succeeded'])
    expect(answered.size).toBe(4)
  })

  it('keeps its lease over a stall that is shorter, and sends afterwards what was said meanwhile', async () => {
    const network = stallingFetch()
    const { worker, createTask } = await startWorking(
      async (task, { log, logged }) => {
        network.stalled = true
        log('while it stalled')
        await until('heartbeats and the log are stuck', () => network.swallowed >= 3)
        const before = (await admin().getTask({ task_id: task.id })).status
        network.stalled = false
        await logged()
        return { summary: before }
      },
      { fetch: network.fetch },
    )
    const id = await createTask()
    expect(await untilStatus(id, 'succeeded')).toMatchObject({ attempt: 1, result: { summary: 'running' } })
    expect((await admin().getTaskLogs({ task_id: id })).text).toBe('while it stalled')
    await worker.stop()
  })

  it('aborts a handler whose server cannot be reached for as long as the lease lasts, and reports nothing', async () => {
    const network = stallingFetch()
    const reasons: unknown[] = []
    const { worker, createTask, events } = await startWorking(
      async (_, { signal }) => {
        network.stalled = true
        reasons.push(await aborted(signal))
        return { summary: 'too late' }
      },
      { fetch: network.fetch },
    )
    const id = await createTask()
    await until('it was aborted', () => events.some(({ kind }) => kind === 'lease_lost'))
    expect(reasons).toEqual([expect.any(WorkAborted)])
    expect(reasons[0]).toMatchObject({ because: 'lease_lost', message: expect.stringContaining('3 s') })
    network.stalled = false
    expect(await admin().getTask({ task_id: id })).toMatchObject({ status: 'running', result: null })
    await worker.stop()
  })

  it('aborts a handler whose task was taken away, or is to be cancelled', async () => {
    const reasons: unknown[] = []
    const { worker, createTask, events } = await startWorking(async (task, { signal, lease }) => {
      if (task.prompt === 'cancel') await admin().cancelTask({ task_id: task.id })
      else
        await admin().failTask({
          task_id: task.id,
          lease_token: lease.token,
          error: 'taken',
          retryable: false,
        })
      reasons.push(await aborted(signal))
      throw new Error('stopped')
    })
    expect(await untilStatus(await createTask('cancel'), 'cancelled')).toMatchObject({ result: null })
    const taken = await createTask('take away')
    await until('it knows', () => events.some(({ kind }) => kind === 'lease_lost'))
    expect(await admin().getTask({ task_id: taken })).toMatchObject({ error: { message: 'taken' } })
    expect(reasons).toMatchObject([{ because: 'cancelled' }, { because: 'lease_lost' }])
    await worker.stop()
  })

  it('gives running tasks back when it may not wait for them', async () => {
    const { worker, createTask, events } = await startWorking(async (_, { signal }) => {
      throw await aborted(signal)
    })
    const id = await createTask()
    await until('it has started', () => events.length > 0)
    await worker.stop({ limitSeconds: 0 })
    expect(events.at(-1)).toMatchObject({ kind: 'released' })
    expect(await admin().getTask({ task_id: id })).toMatchObject({ status: 'pending' })
  })

  it('ends when the server refuses the agent for good', async () => {
    const { worker, agent } = await startWorking(() => undefined)
    await api.untilWaiting()
    await admin().replaceAgentToken({ agent_id: agent.id })
    const other = createClient({ baseUrl: api.url, token: agent.token })
    const refused = other.work(() => undefined, { agentId: agent.id })
    await expect(refused.finished).rejects.toMatchObject({ code: 'unauthenticated' })
    await worker.stop()
  })

  it('does each of 150 tasks once with 50 agents, none of which does more than two at once', async () => {
    const label = `fifty-${randomUUID()}`
    const done: string[] = []
    let most = 0
    const workers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const agent = await postAgent(api, { labels: [label] })
        let present = 0
        return createClient({ baseUrl: api.url, token: agent.token }).work(
          async (task, { log, logged }) => {
            present += 1
            most = Math.max(most, present)
            log(`by ${agent.id}`)
            await logged()
            done.push(task.id)
            present -= 1
          },
          { agentId: agent.id, maxConcurrent: 2 },
        )
      }),
    )
    const created = await Promise.all(
      Array.from({ length: 150 }, () =>
        admin().createTask({ title: 'One', prompt: 'One.', requires: [label] }),
      ),
    )
    await Promise.all(created.map(({ id }) => untilStatus(id, 'succeeded')))
    await Promise.all(workers.map((worker) => worker.stop()))
    expect(done.sort()).toEqual(created.map(({ id }) => id).sort())
    expect(most).toBeLessThanOrEqual(2)
  })
})

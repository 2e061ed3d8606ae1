import { setTimeout as delay } from 'node:timers/promises'
import { ROUTES, type RouteReply } from '@switchyard/contract'
import { RefusedError, type Client } from './client.ts'

type Claimed = Extract<RouteReply<typeof ROUTES.dequeueTask>, { status: 200 }>['body']

/** What an agent does with a task: it says things for the log, and returns what came of it. */
export type Work = (
  task: Claimed['task'],
  say: (text: string) => Promise<void>,
) => Promise<{ summary: string }>

export interface PullingAgentOptions {
  readonly client: Client
  readonly agentId: string
  readonly work: Work
  /** Aborting it ends the loop after the task at hand. */
  readonly signal: AbortSignal
  /** How long one request waits for a task. */
  readonly waitSeconds?: number
}

/** The whole of an agent that pulls its tasks: dequeue, heartbeat, logs, complete; again until the signal aborts. */
export async function runPullingAgent(options: PullingAgentOptions): Promise<void> {
  const { client, agentId, signal, waitSeconds = 20 } = options
  while (!signal.aborted) {
    const body = { agent_id: agentId, wait_seconds: waitSeconds }
    const reply = await client.call(ROUTES.dequeueTask, { body }, signal).catch((error: unknown) => {
      if (signal.aborted) return null
      throw error
    })
    if (reply?.status === 200) await perform(options, reply.body).catch(forgetLostClaim)
  }
}

async function perform({ client, work }: PullingAgentOptions, { task, lease }: Claimed): Promise<void> {
  const params = { task_id: task.id }
  const proof = { lease_token: lease.token }
  const done = new AbortController()
  await client.call(ROUTES.heartbeatTask, { params, body: proof })
  const beating = keepBeating(
    () => client.call(ROUTES.heartbeatTask, { params, body: proof }),
    lease.heartbeat_seconds,
    done.signal,
  )
  let offset = 0
  const say = async (text: string) => {
    const { body } = await client.call(ROUTES.appendTaskLog, { params, body: { ...proof, offset, text } })
    offset = body.next_offset
  }
  try {
    const result = await work(task, say)
    await client.call(ROUTES.completeTask, { params, body: { ...proof, result } })
  } finally {
    done.abort()
    await beating
  }
}

/** Somebody else decides about that task now: there is nothing left to report, and other work to do. */
function forgetLostClaim(error: unknown): void {
  if (!(error instanceof RefusedError && error.problem.code === 'lease_lost')) throw error
}

async function keepBeating(
  beat: () => Promise<unknown>,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await delay(seconds * 1000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    // One that fails is followed by the next one; whether the lease was lost, the next report says.
    await beat().catch(() => undefined)
  }
}

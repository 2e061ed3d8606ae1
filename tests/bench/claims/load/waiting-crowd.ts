import { idleFor } from '../../idle.ts'
import { LoadConnection } from './connection.ts'
import { complete, type LoadAgent } from './work-loop.ts'

export interface WaitRequest {
  readonly url: string
  readonly agents: readonly LoadAgent[]
  readonly connectionsPerAgent: number
  readonly waitSeconds: number
}

export interface ServeRequest {
  readonly url: string
  readonly adminToken: string
  readonly requires: readonly string[]
  readonly count: number
  readonly pauseMilliseconds: number
}

/** How one task found its agent, in milliseconds. */
export interface Served {
  /** From the answer to whoever created it; 0 when the agent had it before that. */
  readonly afterAccepted: number
  /** From the first byte of the request that created it. */
  readonly afterSent: number
}

const CONNECTED_AT_A_TIME = 200
const GIVE_UP_MILLISECONDS = 30_000

/** Dequeues that wait, each on a connection of its own, and ask again when their time is over. */
export function createCrowd() {
  let connections: LoadConnection[] = []
  let leaving = false
  let onArrival: (instant: number) => void = () => undefined

  async function keepWaiting(
    connection: LoadConnection,
    agent: LoadAgent,
    waitSeconds: number,
  ): Promise<void> {
    const body = `{"agent_id":"${agent.id}","wait_seconds":${waitSeconds}}`
    while (!leaving) {
      const { status, body: claim } = await connection.post('/api/v1/tasks/dequeue', body)
      if (status === 204) continue
      if (status !== 200) throw new Error(`a waiting dequeue: ${status} ${claim}`)
      onArrival(performance.now())
      await complete(connection, claim)
    }
  }

  return {
    /** Resolves when all have asked. */
    async wait({ url, agents, connectionsPerAgent, waitSeconds }: WaitRequest): Promise<void> {
      leaving = false
      const places = agents.flatMap((agent) => Array.from({ length: connectionsPerAgent }, () => agent))
      for (let first = 0; first < places.length; first += CONNECTED_AT_A_TIME) {
        const group = places.slice(first, first + CONNECTED_AT_A_TIME)
        const opened = await Promise.all(group.map(({ token }) => LoadConnection.open(url, token)))
        connections.push(...opened)
        for (const [index, connection] of opened.entries()) {
          const agent = group[index]
          if (agent === undefined) continue
          keepWaiting(connection, agent, waitSeconds).catch((error: unknown) => {
            if (!leaving) throw error
          })
        }
      }
    },

    /** Creates tasks, one after the other with a pause, and says how long each took to reach a waiting agent. */
    async serveOne(request: ServeRequest): Promise<Served[]> {
      const { url, adminToken, requires, count, pauseMilliseconds } = request
      const admin = await LoadConnection.open(url, adminToken)
      const body = JSON.stringify({ title: 'Serve one', prompt: 'Say hello.', requires })
      const served: Served[] = []
      while (served.length < count) {
        await idleFor(pauseMilliseconds)
        const arrived = arrival()
        const sent = performance.now()
        const { status, body: answer } = await admin.post('/api/v1/tasks', body)
        const accepted = performance.now()
        if (status !== 201) throw new Error(`a task: ${status} ${answer}`)
        const instant = await arrived
        served.push({ afterAccepted: Math.max(0, instant - accepted), afterSent: instant - sent })
      }
      admin.close()
      return served
    },

    leave(): void {
      leaving = true
      for (const connection of connections) connection.close()
      connections = []
    },
  }

  function arrival(): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('a task reached nobody')), GIVE_UP_MILLISECONDS)
      onArrival = (instant) => {
        clearTimeout(timer)
        resolve(instant)
      }
    })
  }
}

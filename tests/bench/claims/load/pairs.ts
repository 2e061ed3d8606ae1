import { LoadConnection } from './connection.ts'
import { startTimeline, type Timeline } from './timeline.ts'
import { dequeueAndComplete, type LoadAgent } from './work-loop.ts'

export interface PairsRequest {
  readonly url: string
  /** Each has a connection of its own and does one task at a time. */
  readonly agents: readonly LoadAgent[]
  readonly seconds: number
}

/** All agents work at the same time, one pair of a dequeue and a completion after the other. Counts pairs. */
export async function workTogether({ url, agents, seconds }: PairsRequest): Promise<Timeline> {
  const connections = await Promise.all(agents.map(({ token }) => LoadConnection.open(url, token)))
  const clock = startTimeline(seconds)
  await Promise.all(
    connections.map(async (connection, index) => {
      const agent = agents[index]
      while (agent !== undefined && !clock.isOver()) {
        if ((await dequeueAndComplete(connection, agent)) === null) clock.end()
        else clock.count()
      }
      connection.close()
    }),
  )
  return clock.timeline()
}

export interface OneByOneRequest {
  readonly url: string
  readonly agent: LoadAgent
  readonly count: number
  /** Then it ends with fewer. */
  readonly mostSeconds: number
}

/** One agent alone, one pair after the other. Returns what each dequeue took, in milliseconds. */
export async function dequeueOneByOne({
  url,
  agent,
  count,
  mostSeconds,
}: OneByOneRequest): Promise<number[]> {
  const connection = await LoadConnection.open(url, agent.token)
  const taken: number[] = []
  const clock = startTimeline(mostSeconds)
  while (taken.length < count && !clock.isOver()) {
    const milliseconds = await dequeueAndComplete(connection, agent)
    if (milliseconds === null) throw new Error('there was no task left')
    taken.push(milliseconds)
  }
  connection.close()
  return taken
}

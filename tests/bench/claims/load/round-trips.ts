import { idleFor } from '../../idle.ts'
import { LoadConnection } from './connection.ts'

export interface RoundTripsRequest {
  readonly url: string
  readonly path: string
  readonly body: string
  readonly count: number
  /** About so long nothing happens between two of them: a system that is idle first has to wake up. */
  readonly pauseMilliseconds: number
}

/** The same request again and again on one connection. Returns what each took, in milliseconds. */
export async function roundTrips(request: RoundTripsRequest): Promise<number[]> {
  const { url, path, body, count, pauseMilliseconds } = request
  const connection = await LoadConnection.open(url, null)
  const taken: number[] = []
  while (taken.length < count) {
    await idleFor(pauseMilliseconds)
    const begin = performance.now()
    await connection.post(path, body)
    taken.push(performance.now() - begin)
  }
  connection.close()
  return taken
}

import { LoadConnection } from './connection.ts'

export interface RoundTripsRequest {
  readonly url: string
  readonly path: string
  readonly body: string
  readonly count: number
}

/** The same request again and again on one connection. Returns what each took, in milliseconds. */
export async function roundTrips({ url, path, body, count }: RoundTripsRequest): Promise<number[]> {
  const connection = await LoadConnection.open(url, null)
  const taken: number[] = []
  while (taken.length < count) {
    const begin = performance.now()
    await connection.post(path, body)
    taken.push(performance.now() - begin)
  }
  connection.close()
  return taken
}

import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: string
}

/**
 * One kept-alive HTTP/1.1 connection with one request under way at a time. It knows just what both the API and an Express app
 * answer: a status, a Content-Length, a body. A general client costs several times as much for each request, and a generator
 * that is the bottleneck makes every server look alike (autocannon with requests that depend on the answer before
 * reached half of what this does against the same Express app, with three times the processor time).
 */
export class LoadConnection {
  readonly #socket: Socket
  readonly #head: string
  #received = ''
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  #broken: Error | undefined

  private constructor(socket: Socket, host: string, token: string | null) {
    this.#socket = socket
    const authorization = token === null ? '' : `Authorization: Bearer ${token}\r\n`
    this.#head = ` HTTP/1.1\r\nHost: ${host}\r\n${authorization}Content-Type: application/json\r\n`
    socket.on('data', (data) => this.#onData(data))
    socket.on('error', (error) => this.#onEnd(error))
    socket.on('close', () => this.#onEnd(new Error('the server closed the connection')))
  }

  static async open(url: string, token: string | null): Promise<LoadConnection> {
    const { hostname, port, host } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new LoadConnection(socket, host, token)
  }

  /** `body` is ASCII; `headers` are whole lines. Rejects when the connection breaks. */
  post(path: string, body: string, headers = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken)
        return
      }
      this.#waiting = { resolve, reject }
      this.#socket.write(
        `POST ${path}${this.#head}${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      )
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #onData(data: Buffer): void {
    this.#received += data.toString('latin1')
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const status = Number(this.#received.slice(9, 12))
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#received.slice(0, end + 2))?.[1]
    if (length === undefined && status !== 204) {
      this.#onEnd(new Error(`an answer without a length: ${this.#received.slice(0, 500)}`))
      return
    }
    const begin = end + 4
    const size = begin + Number(length ?? 0)
    if (this.#received.length < size) return
    const body = this.#received.slice(begin, size)
    this.#received = ''
    this.#waiting?.resolve({ status, body })
  }

  #onEnd(error: Error): void {
    this.#broken ??= error
    this.#waiting?.reject(this.#broken)
  }
}

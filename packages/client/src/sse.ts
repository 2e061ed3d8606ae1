export interface ServerSentEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** Reads an event stream piece by piece, as a browser does (HTML Standard, 9.2.6). */
export class EventStreamParser {
  /** Of the last event that had one; empty before. What `Last-Event-ID` is to say after a cut. */
  lastEventId = ''
  #rest = ''
  #event = ''
  #data: string[] = []

  push(text: string): ServerSentEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    return lines.map((line) => this.#line(line)).filter((event) => event !== null)
  }

  #line(line: string): ServerSentEvent | null {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.#event = value
    if (name === 'data') this.#data.push(value)
    if (name === 'id' && !value.includes('\0')) this.lastEventId = value
    return null
  }

  #dispatch(): ServerSentEvent | null {
    const event = { event: this.#event || 'message', id: this.lastEventId, data: this.#data.join('\n') }
    const isEmpty = this.#data.length === 0
    this.#event = ''
    this.#data = []
    return isEmpty ? null : event
  }
}

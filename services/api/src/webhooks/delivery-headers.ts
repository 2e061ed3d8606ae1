/** Request headers as Node's http module gives them: names in lower case. */
export type DeliveryHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The families in which Forgejo and Gitea repeat the same facts, own name first. All of them are sent with every
 * delivery, so their presence says nothing about who sent it.
 */
const FAMILIES = ['forgejo', 'gitea', 'gogs', 'github'] as const

/** Whatever could authenticate somebody. A signature belongs here: with its body it can be replayed. */
const SECRET_HEADER = /^(proxy-)?authorization$|cookie|signature|secret|token|password|api-?key/

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** One header's value, trimmed; empty when it is absent. Repeated headers are joined as HTTP joins them. */
export function headerValue(headers: DeliveryHeaders, name: string): string {
  const value = headers[name] ?? ''
  return (typeof value === 'string' ? value : value.join(', ')).trim()
}

/** What the headers say about a delivery. The event is empty for packages; only the event type names those. */
export interface DeliveryFacts {
  readonly id: string | null
  readonly event: string
  readonly eventType: string | null
}

/** The delivery's UUID (null when absent or not a UUID), event and event type, from the first family that has each. */
export function readDeliveryFacts(headers: DeliveryHeaders): DeliveryFacts {
  const id = firstOf(headers, 'delivery').toLowerCase()
  const eventType = firstOf(headers, 'event-type')
  return {
    id: UUID.test(id) ? id : null,
    event: firstOf(headers, 'event'),
    eventType: eventType === '' ? null : eventType,
  }
}

/** The headers that are stored with a delivery: all but those that could authenticate somebody. */
export function keptHeaders(headers: DeliveryHeaders): Record<string, string> {
  const names = Object.keys(headers).filter(
    (name) => headers[name] !== undefined && !SECRET_HEADER.test(name.toLowerCase()),
  )
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), headerValue(headers, name)]))
}

function firstOf(headers: DeliveryHeaders, fact: string): string {
  const values = FAMILIES.map((family) => headerValue(headers, `x-${family}-${fact}`))
  return values.find((value) => value !== '') ?? ''
}

import { OPERATIONS } from './wire/operations.ts'
import type { OperationName } from './repeatable.ts'
import type { OutgoingRequest } from './transport.ts'

export type Input = Readonly<Record<string, unknown>>

/** Puts each field of an input where it belongs: into the path, the query, or the body. */
export function requestFor(operation: OperationName, input: Input): OutgoingRequest {
  const { method, path } = OPERATIONS[operation]
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest.get(name)
    rest.delete(name)
    if (typeof value !== 'string' || value === '') throw new TypeError(`${operation} needs ${name}`)
    // A path with `..` would be another one by the time it is sent.
    if (value === '.' || value === '..') throw new TypeError(`${name} cannot be ${value}`)
    return encodeURIComponent(value)
  })
  if (rest.size === 0) return { operation, path: filled }
  if (method === 'GET' || method === 'DELETE') {
    const query = new URLSearchParams([...rest].map(([name, value]) => [name, String(value)]))
    return { operation, path: `${filled}?${query.toString()}` }
  }
  return { operation, path: filled, body: JSON.stringify(Object.fromEntries(rest)) }
}

/** A key that nobody else has: for requests that may come twice. */
export function randomKey(): string {
  // crypto.randomUUID is missing in browsers on pages without TLS.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

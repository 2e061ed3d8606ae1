import { EXAMPLES } from './examples.ts'
import type { Example } from './examples.ts'
import type { Route } from './route.ts'

const EXAMPLE_OF: Readonly<Record<string, Example>> = EXAMPLES

/** A call of the operation that runs as it stands, where the variables are set that it names. */
export function curlLine(route: Route): string {
  const { query, headers = {}, body, signature, follows } = EXAMPLE_OF[route.operationId] ?? {}
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => `$${name.toUpperCase()}`)
  const address = `"$SWITCHYARD_URL${path}${query === undefined ? '' : `?${query}`}"`
  const method =
    ['get', 'post'].includes(route.method) && hasMethodByItself(route, body)
      ? ''
      : ` -X ${route.method.toUpperCase()}`
  const given = {
    ...(route.roles.length === 0 ? {} : { Authorization: 'Bearer $SWITCHYARD_TOKEN' }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...headers,
    ...(signature === undefined ? {} : { [signature]: SIGNED }),
  }
  const parts = [
    `curl -sS${follows === true ? 'N' : ''}${method} ${address}`,
    ...Object.entries(given).map(([name, value]) => `-H "${name}: ${value}"`),
    ...(body === undefined
      ? []
      : [signature === undefined ? `-d ${quoted(JSON.stringify(body))}` : '-d "$BODY"']),
  ]
  const line = parts.join(' \\\n  ')
  return signature === undefined ? line : `BODY=${quoted(JSON.stringify(body))}\n${line}`
}

const SIGNED = `$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SWITCHYARD_WEBHOOK_SECRET" -r | cut -d' ' -f1)`

/** curl takes GET without a body and POST with one. */
function hasMethodByItself({ method }: Route, body: unknown): boolean {
  return (method === 'post') === (body !== undefined)
}

/** For the shell: as it is, but for its variables. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll(/\$\w+/g, (variable) => `'"${variable}"'`)}'`
}

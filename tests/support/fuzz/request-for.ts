import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { sign, WEBHOOK_SECRET } from '../api.ts'
import { arbitraryFor, memberFor } from '../arbitrary-for-schema.ts'
import type { JsonSchema, Making } from '../arbitrary-for-schema.ts'
import type { Operation } from './api-document.ts'
import { FORGE_EVENTS, FORGE_PAYLOAD } from './forge-payload.ts'
import type { RawRequest } from './send.ts'
import { tokensOf } from './situations.ts'
import type { Situation } from './situations.ts'

type Text = Readonly<Record<string, string>>

/** The waits that end at once, and those that are refused. */
const WAITS: JsonSchema = { enum: [0, 0.001] }
const ODD_WAITS: JsonSchema = { enum: [0, 0.001, -1, 61, 'long', null] }

/** Requests for an operation: as the document wants them, nearly so, and as somebody hostile would make them. */
export function requestFor(operation: Operation, situations: readonly Situation[]): fc.Arbitrary<RawRequest> {
  return fc.oneof(
    { weight: 5, arbitrary: fittingRequestFor(operation, situations) },
    { weight: 4, arbitrary: fc.oneof(...situations.map((one) => described(operation, one, true))) },
    { weight: 2, arbitrary: fc.oneof(...situations.map((one) => hostile(operation, one))) },
  )
}

/** Requests as the document wants them: those that can succeed are among them. */
export function fittingRequestFor(
  operation: Operation,
  situations: readonly Situation[],
): fc.Arbitrary<RawRequest> {
  return fc.oneof(...situations.map((one) => described(operation, one, false)))
}

function described(operation: Operation, situation: Situation, odd: boolean): fc.Arbitrary<RawRequest> {
  const making: Making = { known: situation.known, odd }
  const [params, query, headers] = (['path', 'query', 'header'] as const).map((place) =>
    partFor(operation, place, making),
  )
  const parts = fc.record({
    params: params ?? fc.constant({}),
    query: query ?? fc.constant({}),
    headers: headers ?? fc.constant({}),
    accept: acceptFor(operation),
    token: tokenFor(situation),
    body: bodyFor(operation, making),
  })
  return parts.map(({ params, query, headers, accept, token, body }) => ({
    method: operation.method,
    path: pathOf(operation, params) + searchOf(query),
    headers: {
      ...asHeaders(headers),
      ...accept,
      ...token,
      ...(body === null ? {} : { 'content-type': 'application/json', ...signatureOf(operation, body) }),
    },
    body,
  }))
}

function partFor(operation: Operation, place: string, making: Making): fc.Arbitrary<Record<string, unknown>> {
  const parameters = operation.parameters.filter((parameter) => parameter.in === place)
  const members = parameters.map(
    ({ name, schema }) =>
      [name, memberFor(name, name.endsWith('-event') ? { enum: FORGE_EVENTS } : schema, making)] as const,
  )
  const requiredKeys = parameters.filter(({ required }) => required).map(({ name }) => name)
  return fc.record(Object.fromEntries(members), { requiredKeys })
}

function acceptFor({ responses }: Operation): fc.Arbitrary<Text> {
  const types = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([, { content = {} }]) => Object.keys(content))
  return fc.constantFrom({}, ...types.map((accept) => ({ accept })))
}

function tokenFor(situation: Situation): fc.Arbitrary<Text> {
  return fc.oneof(
    ...tokensOf(situation).map(({ weight, token }) => ({
      weight,
      arbitrary: fc.constant<Text>(token === null ? {} : { authorization: `Bearer ${token}` }),
    })),
  )
}

function bodyFor({ requestBody }: Operation, making: Making): fc.Arbitrary<Buffer | null> {
  if (requestBody === undefined) return fc.constant(null)
  const [schema = {}] = Object.values(requestBody.content).map((content) => content.schema)
  const isPayload = Object.keys(requestBody.content).length > 1
  const properties = schema.properties ?? {}
  const bounded =
    'wait_seconds' in properties
      ? { ...schema, properties: { ...properties, wait_seconds: making.odd ? ODD_WAITS : WAITS } }
      : schema
  const written = arbitraryFor(isPayload ? FORGE_PAYLOAD : bounded, making).map((value) =>
    Buffer.from(JSON.stringify(value)),
  )
  return requestBody.required ? written : fc.option(written, { nil: null })
}

/** A delivery that nobody signed would be refused before anything of it was looked at. */
function signatureOf({ parameters }: Operation, body: Buffer): Text {
  const header = parameters.find(({ name }) => name.endsWith('-signature'))
  return header === undefined ? {} : { [header.name]: sign(WEBHOOK_SECRET, body) }
}

const RAW_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '\ufeff{}',
  '{"__proto__":{"title":"x"},"constructor":1}',
  '{"a":1,"a":2}',
  `{"title":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  `{"requires":[${'0,'.repeat(20_000)}0]}`,
  `{${Array.from({ length: 2_000 }, (_, index) => `"k${index}":0`).join()}}`,
].map((text) => Buffer.from(text))
const HEADERS: readonly Text[] = [
  {},
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'application/json; charset=nonsense' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  { 'content-type': 'application/json', 'content-encoding': 'x' },
  { authorization: 'Bearer' },
  { authorization: 'Basic e30=' },
  { accept: '*/*;q=0' },
  { accept: 'nonsense' },
  { 'x-request-id': '\u00ff'.repeat(300) },
  { 'last-event-id': '99999999999999999999-1' },
  { 'idempotency-key': '\u00e9'.repeat(256) },
  { 'if-none-match': '*', range: 'bytes=0-1' },
  { origin: 'null', host: 'elsewhere.example.org' },
  ...FORGE_EVENTS.map((event) => ({ 'x-forgejo-event': event, 'x-gitea-event': event })),
]
const QUERIES = [
  '',
  '?',
  '?limit=1&limit=2',
  '?a[b]=c',
  '?%',
  '?__proto__=1',
  '?limit=%00',
  `?q=${'x'.repeat(4_000)}`,
]
const SEGMENTS = ['%', '%00', '%2e%2e', '%ff', '%2f', '..', 'x%0d%0ay', '%F0%9F%9A%86', 'x'.repeat(4_000)]

function hostile(operation: Operation, situation: Situation): fc.Arbitrary<RawRequest> {
  const bytes = fc.oneof(
    fc.constantFrom(...RAW_BODIES, gzipSync('{}')),
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  )
  return fc
    .tuple(
      described(operation, situation, true),
      fc.constantFrom(...HEADERS),
      fc.constantFrom(...QUERIES),
      fc.option(fc.constantFrom(...SEGMENTS)),
      fc.option(bytes),
    )
    .map(([usual, headers, query, segment, body]) => {
      const path =
        segment === null ? (usual.path.split('?')[0] ?? '') : operation.path.replaceAll(/\{\w+\}/g, segment)
      const sent = operation.requestBody === undefined ? null : (body ?? usual.body)
      const signed = sent === null ? {} : signatureOf(operation, sent)
      return {
        ...usual,
        path: path + query,
        headers: { ...usual.headers, ...signed, ...headers },
        body: sent,
      }
    })
}

function pathOf({ path }: Operation, params: Readonly<Record<string, unknown>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const segment = inUrl(params[name])
    // Without a segment it would be another path.
    return segment === '' ? 'x' : segment
  })
}

function searchOf(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${inUrl(name)}=${inUrl(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function inUrl(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
    .slice(0, 2_000)
    .replace(/%[0-9A-F]?$/, '')
}

/** Headers hold bytes: what is none of them is left out. */
function asHeaders(values: Readonly<Record<string, unknown>>): Text {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(
        /[^\t\u0020-\u007e\u0080-\u00ff]/gu,
        '',
      ),
    ]),
  )
}

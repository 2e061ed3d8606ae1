import { compileValidator, PROBLEMS } from '@switchyard/contract'
import type { ProblemCode, Validator } from '@switchyard/contract'
import type { Operation } from './api-document.ts'
import type { RawAnswer } from './send.ts'

/** What is wrong with an answer by the document; nothing when the document promises it. */
export type Judge = (answer: RawAnswer) => readonly string[]

/** Nobody but a caller without a dispatcher may be told that something here is out of order. */
const ALLOWED_FAILURES: readonly string[] = ['dispatcher_unavailable']

/** Judges the answers to one operation: status, type, headers and body, each against what the document says. */
export function createJudge({ responses }: Operation): Judge {
  const compiled = new Map<object, Validator>()

  return (answer) => {
    const described = responses[answer.status]
    if (described === undefined) return [`the status ${answer.status} is not documented`]
    const missing = Object.entries(described.headers ?? {})
      .filter(([name, { required }]) => required === true && answer.headers[name.toLowerCase()] === undefined)
      .map(([name]) => `the header ${name} is missing`)
    return [...missing, ...faultsOfBody(answer, described.content ?? {}), ...faultsOfProblem(answer)]
  }

  function faultsOfBody(
    { text, headers }: RawAnswer,
    content: Readonly<Record<string, { readonly schema: object }>>,
  ): string[] {
    const type = (headers['content-type'] ?? '').split(';')[0] ?? ''
    if (Object.keys(content).length === 0) return text === '' ? [] : ['it has a body, and none is documented']
    const schema = content[type]?.schema
    if (schema === undefined) return [`the content type ${type} is not documented`]
    if (!type.endsWith('json')) return []
    const validate = compiled.get(schema) ?? compileValidator(schema, 'answer')
    compiled.set(schema, validate)
    const validated = validate(JSON.parse(text))
    return validated.ok ? [] : validated.errors.map(({ path, message }) => `${path} ${message}`)
  }
}

/** Which codes an operation may answer with is in its schemas; this is what holds for all problems. */
function faultsOfProblem({ status, headers, text }: RawAnswer): string[] {
  if (!(headers['content-type'] ?? '').startsWith('application/problem+json'))
    return status >= 500 ? [`${status} is no answer to any request`] : []
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>
  const code = body['code'] as ProblemCode
  const known = PROBLEMS[code]
  return [
    ...(status >= 500 && !ALLOWED_FAILURES.includes(code)
      ? [`${status} ${code} is no answer to any request`]
      : []),
    ...(known.status === status && body['status'] === status ? [] : ['the code has another status']),
    ...(body['type'] === `urn:switchyard:problem:${code}` ? [] : ['its type does not name the code']),
    ...(body['request_id'] === headers['x-request-id'] ? [] : ['its request_id is another one']),
    ...(String(body['detail']).endsWith(known.next) ? [] : ['its detail does not say what to do next']),
  ]
}

import { storableText } from '@switchyard/core'
import Mustache from 'mustache'
import { isJsonObject, nameAt, type JsonObject } from '../webhooks/json-object.ts'

/** A logic-less text with `{{names}}` in it; see https://mustache.github.io/mustache.5.html. */
export interface Template {
  readonly text: string
  /** Fills it in. Missing names become nothing, nothing is escaped, the result can be stored. Never throws. */
  render(view: JsonObject): string
}

export type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly message: string; readonly offset: number }

type Token = [kind: string, value: string, start: number, end: number, inner?: unknown]

const NAME = /^(\.|[\w-]+(\.[\w-]+)*)$/

/** Parses once, so that a mistake stops the start and not the delivery; `offset` is where in the text it is. */
export function parseTemplate(text: string): ParsedTemplate {
  const writer = new PlainWriter()
  let tokens: string[][]
  try {
    tokens = writer.parse(text) as string[][]
  } catch (error) {
    return { ok: false, ...explainParseError(text, error instanceof Error ? error.message : String(error)) }
  }
  const problem = findBadTag(tokens as unknown as readonly Token[])
  if (problem !== null) return { ok: false, ...problem }
  const render = (view: JsonObject) =>
    storableText(writer.renderTokens(tokens, new PayloadContext(view), undefined, text))
  return { ok: true, template: { text, render } }
}

/** Looks names up among own members only and calls nothing, so that no payload can make rendering fail. */
class PayloadContext extends Mustache.Context {
  override push(view: unknown): PayloadContext {
    return new PayloadContext(view, this)
  }

  override lookup(name: string): unknown {
    if (name === '.') return this.view
    const [first = '', ...rest] = name.split('.')
    const holder = this.holderOf(first)
    return [first, ...rest].reduce<unknown>(memberOrNothing, holder)
  }

  private holderOf(name: string): unknown {
    if (isJsonObject(this.view) && Object.hasOwn(this.view, name)) return this.view
    return this.parent instanceof PayloadContext ? this.parent.holderOf(name) : null
  }
}

/** Writes values as they are: the reader is an agent or a terminal, not a browser. */
class PlainWriter extends Mustache.Writer {
  override escapedValue(token: string[], context: Mustache.Context): string {
    return textOf(context.lookup(token[1] ?? ''))
  }

  override unescapedValue(token: string[], context: Mustache.Context): string {
    return this.escapedValue(token, context)
  }
}

function memberOrNothing(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Lists are joined; a label, user or repository stands for itself by its name. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => (Array.isArray(item) ? '' : textOf(item))).join(', ')
  if (isJsonObject(value))
    return nameAt(value, 'name') ?? nameAt(value, 'login') ?? nameAt(value, 'title') ?? ''
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

function findBadTag(tokens: readonly Token[]): { message: string; offset: number } | null {
  for (const [kind, value, start, , inner] of tokens) {
    if (kind === '>')
      return { message: `“{{> ${value}}}” is a partial, and there are none here`, offset: start }
    if ('#^&name'.includes(kind) && !NAME.test(value)) {
      const message = `“${value}” is not a name; names look like issue.title. There are no helpers and no expressions`
      return { message, offset: start }
    }
    const problem = Array.isArray(inner) ? findBadTag(inner as readonly Token[]) : null
    if (problem !== null) return problem
  }
  return null
}

/** The library reports where it gave up, which for everything unclosed is the end; people want to see the beginning. */
function explainParseError(text: string, message: string): { message: string; offset: number } {
  const reported = Number(/ at (\d+)$/.exec(message)?.[1] ?? 0)
  const section = /^Unclosed section "(.*)"/s.exec(message)?.[1]
  if (section !== undefined) {
    const openings = [...text.matchAll(/\{\{\s*[#^]\s*([^{}]*?)\s*\}\}/g)].filter(
      (match) => match[1] === section,
    )
    return {
      message: `the section “{{#${section}}}” is not closed`,
      offset: openings.at(-1)?.index ?? reported,
    }
  }
  if (message.startsWith('Unclosed tag')) {
    const opening = text.indexOf('{{', text.lastIndexOf('}}') + 1)
    return {
      message: 'the tag that begins here is not closed with “}}”',
      offset: opening === -1 ? reported : opening,
    }
  }
  return { message: message.replace(/ at \d+$/, ''), offset: reported }
}

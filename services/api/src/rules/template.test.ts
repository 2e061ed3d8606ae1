import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isJsonObject, type JsonObject } from '../webhooks/json-object.ts'
import { DEFAULT_PROMPT, DEFAULT_TITLE } from './default-templates.ts'
import { parseTemplate } from './template.ts'

function render(text: string, view: JsonObject): string {
  const parsed = parseTemplate(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.template.render(view)
}

describe('parseTemplate', () => {
  it('fills in names, and escapes nothing', () => {
    const view = { issue: { title: 'a < b && "c"', number: 12 } }
    expect(render('#{{issue.number}} {{issue.title}} {{{issue.title}}}', view)).toBe(
      '#12 a < b && "c" a < b && "c"',
    )
  })

  it('makes nothing of what is missing, null or a thing without a name', () => {
    expect(render('[{{a}}{{b.c.d}}{{n}}{{o}}]', { n: null, o: { x: 1 }, b: { c: 'text' } })).toBe('[]')
  })

  it('has sections, inverted sections and lists, and looks outwards for names', () => {
    const view = { event: { name: 'issues' }, labels: [{ name: 'agent' }, null, 'bug'], none: [] }
    expect(render('{{#labels}}<{{name}}|{{event.name}}>{{/labels}}', view)).toBe(
      '<agent|issues><|issues><|issues>',
    )
    expect(render('{{^none}}no{{/none}}{{#labels}}{{.}};{{/labels}}', view)).toBe('noagent;;bug;')
  })

  it('joins lists and names things', () => {
    expect(
      render('{{labels}} by {{user}}', { labels: [{ name: 'a' }, 'b', 3], user: { login: 'zaphod' } }),
    ).toBe('a, b, 3 by zaphod')
  })

  it('sees own members only and calls nothing', () => {
    const view = { issue: { title: 'x' }, hasOwnProperty: 1 }
    expect(render('[{{constructor}}{{issue.toString}}{{issue.title.length}}{{toString.name}}]', view)).toBe(
      '[]',
    )
  })

  it('gives text that can be stored', () => {
    expect(render('{{a}}', { a: 'x\u0000y\ud83dz 🚀' })).toBe('xy\ufffdz 🚀')
  })

  it.each([
    ['{{issue.title', 0, 'not closed'],
    ['ok {{a}} {{b', 9, 'not closed'],
    ['one\n{{#issue}}\ntwo', 4, '“{{#issue}}” is not closed'],
    ['one {{/issue}}', 4, 'Unopened section'],
    ['x {{> part}}', 2, 'partial'],
    ['x {{#if issue}}y{{/if issue}}', 2, 'not a name'],
    ['{{#a}}{{b c}}{{/a}}', 6, 'not a name'],
    ['{{}}', 0, 'not a name'],
  ])('refuses %p at %d: %s', (text, offset, message) => {
    expect(parseTemplate(text)).toMatchObject({
      ok: false,
      offset,
      message: expect.stringContaining(message),
    })
  })

  it('renders the default templates whatever the payload is', () => {
    const view = fc.record(
      {
        event: fc.jsonValue(),
        repository: fc.jsonValue(),
        pull_request: fc.jsonValue(),
        comment: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(view.filter(isJsonObject), (anything) => {
        expect(typeof (DEFAULT_TITLE.render(anything) + DEFAULT_PROMPT.render(anything))).toBe('string')
      }),
    )
  })
})

import { describe, expect, it } from '@jest/globals'
import { SwitchyardProblem, SwitchyardUnreachable } from '@switchyard/client'
import { PROBLEMS, ROUTES } from '@switchyard/contract'
import type { ProblemCode } from '@switchyard/contract'
import { INSTRUCTIONS } from './instructions.ts'
import { NEXT_CALL } from './next-call.ts'
import { failed } from './result.ts'
import { rolesOf } from './tool.ts'
import { TOOLS } from './tools.ts'

const names = new Set(TOOLS.map(({ name }) => name))
/** A word that begins like the name of a tool. */
const LIKE_A_TOOL = new RegExp(
  `(?<![.\\w])(?:${[...new Set([...names].map((name) => name.split('_')[0]))].join('|')})_[a-z_]+`,
  'g',
)

function problem(code: ProblemCode): SwitchyardProblem {
  const { status, title, now, next } = PROBLEMS[code]
  const detail = `A sentence. ${now} ${next}`
  return new SwitchyardProblem(
    { type: `urn:switchyard:problem:${code}`, status, title, detail, next, code, request_id: 'r' },
    null,
  )
}

function textOf({ content }: ReturnType<typeof failed>): string {
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

describe('the tools', () => {
  it('have names of their own, and operations that exist', () => {
    expect(names.size).toBe(TOOLS.length)
    for (const { operation } of TOOLS) expect(ROUTES).toHaveProperty(operation)
  })

  it.each(TOOLS)('$name tells a model what it does and what it takes', ({ description, title, input }) => {
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(description).toMatch(/^[A-Z].{60,500}\.$/)
    expect(input).toMatchObject({ type: 'object', additionalProperties: false })
  })

  it('have no pattern that providers of models refuse', () => {
    expect(JSON.stringify(TOOLS)).not.toContain('ud800')
  })

  it('are all that is spoken of', () => {
    const spoken = [
      INSTRUCTIONS,
      ...Object.values(NEXT_CALL),
      ...TOOLS.flatMap((each) => [each.description, each.inDoubt ?? '']),
    ]
    const mentioned = spoken.flatMap((text) => text.match(LIKE_A_TOOL) ?? [])
    expect(mentioned.length).toBeGreaterThan(20)
    expect(mentioned.filter((word) => !names.has(word))).toEqual([])
  })

  it.each(TOOLS)('$name says what to do when nobody knows whether it was carried out', (each) => {
    const { repeatable, inDoubt } = each
    expect(inDoubt === undefined).toBe(repeatable)
    const away = failed(new SwitchyardUnreachable('it does not answer'), each)
    expect(textOf(away)).toMatch(
      /Nobody knows whether the call was carried out\.\nNext: Call|Next: If you gave/,
    )
    const refused = failed(problem('database_unavailable'), each)
    expect(textOf(refused)).toContain(inDoubt ?? 'Call the tool again')
    expect(textOf(refused)).not.toMatch(/nothing was changed|POST/i)
  })

  it.each(Object.keys(PROBLEMS) as ProblemCode[])(
    '%s says what happened, what is true now, and the next call in the names of the tools',
    (code) => {
      const [tool] = TOOLS
      if (tool === undefined) throw new Error('there are no tools')
      const text = textOf(failed(problem(code), tool))
      expect(text).toContain(`A sentence. ${PROBLEMS[code].now}\n`)
      expect(text).toContain(NEXT_CALL[code])
      expect(text).not.toContain(PROBLEMS[code].next)
    },
  )

  it('offer an agent those with which it works, and nothing that steers others', () => {
    const ofAgents = TOOLS.filter((each) => rolesOf(each).includes('agent')).map(({ name }) => name)
    expect(ofAgents.sort()).toEqual([
      'append_task_log',
      'complete_task',
      'fail_task',
      'get_task',
      'heartbeat_task',
      'release_task',
      'take_task',
      'watch_task',
    ])
  })
})

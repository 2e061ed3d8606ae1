import { describe, expect, it } from '@jest/globals'
import { ROUTES } from '@switchyard/contract'
import { INSTRUCTIONS } from './instructions.ts'
import { NEXT_CALL } from './next-call.ts'
import { rolesOf } from './tool.ts'
import { TOOLS } from './tools.ts'

const names = new Set(TOOLS.map(({ name }) => name))
/** A word that begins like the name of a tool. */
const LIKE_A_TOOL = new RegExp(
  `(?<![.\\w])(?:${[...new Set([...names].map((name) => name.split('_')[0]))].join('|')})_[a-z_]+`,
  'g',
)

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
    const spoken = [INSTRUCTIONS, ...Object.values(NEXT_CALL), ...TOOLS.map((each) => each.description)]
    const mentioned = spoken.flatMap((text) => text.match(LIKE_A_TOOL) ?? [])
    expect(mentioned.length).toBeGreaterThan(20)
    expect(mentioned.filter((word) => !names.has(word))).toEqual([])
  })

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

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { BUILT_IN_RULES } from './built-in-rules.ts'
import { DEFAULT_PROMPT_TEXT, DEFAULT_TITLE_TEXT } from './default-templates.ts'
import { loadRules } from './load-rules.ts'
import { RULE_KEYS } from './parse-rule.ts'
import { parseRules } from './parse-rules.ts'
import { TASK_KEYS } from './parse-task.ts'
import { KNOWN_ACTIONS, USUAL_ACTIONS } from './rule-events.ts'

const root = join(import.meta.dirname, '../../../..')
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-rules-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('loadRules', () => {
  it('has built-in rules; the one about assignees only with a bot', async () => {
    const names = async (botUser: string | null) => {
      const loaded = await loadRules({ file: null, botUser })
      return loaded.ok ? loaded.rules.map(({ name }) => name) : []
    }
    expect(await names(null)).toEqual(['label-agent', 'comment-agent'])
    expect(await names('mar"vin$&: #1')).toEqual(['label-agent', 'comment-agent', 'assigned-to-bot'])
  })

  it('says with file and line what is wrong, or that there is no file', async () => {
    const file = join(folder, 'rules.yaml')
    await writeFile(file, 'rules:\n  - name: x\n    event: issue\n')
    expect(await loadRules({ file, botUser: null })).toEqual({
      ok: false,
      message: `${file}:3:12: rules[0].event: unknown event “issue”; did you mean “issues”?`,
    })
    const missing = join(folder, 'missing.yaml')
    const loaded = await loadRules({ file: missing, botUser: null })
    expect(loaded).toMatchObject({
      ok: false,
      message: expect.stringMatching(/missing\.yaml: cannot be read: .*ENOENT/),
    })
  })

  it('accepts the example file', async () => {
    const loaded = await loadRules({ file: join(root, 'rules.example.yaml'), botUser: null })
    expect(loaded).toMatchObject({ ok: true })
  })
})

describe('docs/rules.md', () => {
  it('shows the built-in rules, the default templates and examples that work', async () => {
    const page = await readFile(join(root, 'docs/rules.md'), 'utf8')
    const examples = [...page.matchAll(/```yaml\n(rules:.*?)```/gs)].map((match) => match[1] ?? '')
    expect(examples.length).toBeGreaterThanOrEqual(4)
    for (const example of examples) expect(parseRules(example)).toMatchObject({ ok: true })
    for (const text of [BUILT_IN_RULES, DEFAULT_PROMPT_TEXT, DEFAULT_TITLE_TEXT]) expect(page).toContain(text)
  })

  it('names every key and action', async () => {
    const page = await readFile(join(root, 'docs/rules.md'), 'utf8')
    const words = [...RULE_KEYS, ...TASK_KEYS, ...Object.values(KNOWN_ACTIONS).flat()]
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([])
    for (const [event, actions] of Object.entries(USUAL_ACTIONS)) {
      const usual = actions.length === 0 ? 'any push' : actions.map((action) => `\`${action}\``).join(', ')
      expect(page.replace(/ +/g, ' ')).toContain(`| \`${event}\` | ${usual} |`)
    }
  })
})

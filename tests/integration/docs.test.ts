import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ApiVariables } from '@switchyard/api'
import { PRESETS } from '@switchyard/core'
import { createDispatcherMetrics, DispatcherConfig } from '@switchyard/dispatcher'
import { LauncherConfig } from '@switchyard/launcher'
import { createMetrics } from '@switchyard/platform'
import { STATEMENTS } from '@switchyard/store'
import { startTestApi } from '../support/api.ts'
import type { TestApi } from '../support/api.ts'
import { COMMAND_LINE_VARIABLES, MIGRATION_VARIABLES } from '../support/configuration-page.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { anchors, codeBlocks, prose, readDocument, readDocuments } from '../support/markdown.ts'
import type { Document } from '../support/markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const OF_TESTS = [
  'SWITCHYARD_TEST_DATABASE',
  'SWITCHYARD_FAULT_SEED',
  'SWITCHYARD_FAULT_TASKS',
  'SWITCHYARD_FUZZ_SEED',
  'SWITCHYARD_FUZZ_RUNS',
]

let documents: Document[] = []
let database: TestDatabase
let api: TestApi

beforeAll(async () => {
  documents = await readDocuments()
  database = await createTestDatabase()
  api = await startTestApi(database)
})
afterAll(async () => {
  await api.stop()
  await database.drop()
})

describe('the documents', () => {
  it('link to files and headings that exist', async () => {
    const broken: string[] = []
    for (const { path, text } of documents) {
      for (const [, target = ''] of prose(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        const [file = '', anchor] = target.split('#')
        const linked = file === '' ? path : normalize(join(dirname(path), file))
        if (!existsSync(join(ROOT, linked))) broken.push(`${path}: ${target}`)
        else if (anchor !== undefined && !anchors((await readDocument(linked)).text).includes(anchor)) {
          broken.push(`${path}: ${target} (no such heading)`)
        }
      }
    }
    expect(broken).toEqual([])
  })

  it('name tests that exist for all that a run survives', async () => {
    const { text } = await readDocument('docs/ssh-hosts.md')
    const [, section = ''] = text.split('## What survives what')
    const rows = section
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| '))
    const missing: string[] = []
    for (const row of rows.slice(2)) {
      const shownBy = row.split(' | ').at(-1) ?? ''
      const references = [...shownBy.matchAll(/`(tests\/[^`]+)`: ([^;|]*[^;|\s])/g)]
      if (references.length === 0) missing.push(row)
      for (const [reference, file = '', words = ''] of references) {
        const source = await readFile(join(ROOT, file), 'utf8').catch(() => '')
        const titles = [...source.matchAll(/\bit\(\s*(['`])(.*?)\1,/g)].map(([, , title = '']) => title)
        if (!titles.some((title) => title.includes(words))) missing.push(reference)
      }
    }
    expect(rows.length).toBeGreaterThan(12)
    expect(missing).toEqual([])
  })

  it('name npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const unknown = findAll(/\bnpm (?:run ([\w:-]+)|(start|test))\b/g).filter(
      ({ name }) => !(name in scripts),
    )
    expect(unknown).toEqual([])
  })

  it('name environment variables that somebody reads', async () => {
    const composeFiles = await Promise.all(
      ['docker-compose.yml', 'docker-compose.secrets.yml'].map((file) => readFile(join(ROOT, file), 'utf8')),
    )
    const onHosts = [
      'packages/core/src/run-environment.ts',
      'packages/core/src/run-exit.ts',
      'services/dispatcher/src/runs/run-place.ts',
      'services/dispatcher/src/ssh/launch-program.ts',
    ].map((file) => readFile(join(ROOT, file), 'utf8'))
    const givenToCommands = (await Promise.all(onHosts)).join()
    const known = new Set([
      ...[LauncherConfig, ApiVariables, DispatcherConfig, COMMAND_LINE_VARIABLES].flatMap(({ properties }) =>
        Object.keys(properties),
      ),
      ...composeFiles.flatMap((file) => [...file.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)),
      ...[...givenToCommands.matchAll(/\bSWITCHYARD_\w+/g)].map(([name]) => name),
      ...OF_TESTS,
    ])
    const unknown = findAll(/\b(SWITCHYARD_[A-Z0-9_]*[A-Z0-9])\b/g).filter(
      ({ name }) => !known.has(name.replace(/_FILE$/, '')) && !known.has(name),
    )
    expect(unknown).toEqual([])
  })

  it.each([
    ['the command line', 'packages/cli/src', COMMAND_LINE_VARIABLES, ['SWITCHYARD_REQUIRE_OUTPUT']],
    ['the migration', 'packages/store/src', MIGRATION_VARIABLES, []],
  ])('list the variables that %s reads', async (_name, directory, { properties }, readByCore) => {
    const files = await readdir(join(ROOT, directory), { recursive: true })
    const sources = await Promise.all(
      files
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => readFile(join(ROOT, directory, file), 'utf8')),
    )
    const read = sources.flatMap((source) =>
      [...source.matchAll(/\benv\['([A-Z_]+)'\]/g)].map(([, name = '']) => name),
    )
    expect(new Set(Object.keys(properties))).toEqual(new Set([...read, ...readByCore]))
  })

  it('show what each preset runs', async () => {
    const { text } = await readDocument('docs/presets.md')
    for (const [name, { title, command, env }] of Object.entries(PRESETS)) {
      const row = text.split('\n').find((line) => line.startsWith(`| ${title} (\`${name}\`)`))
      const variables = Object.entries(env).map(([variable, value]) => `\`${variable}=${value}\``)
      expect(row?.split('|').map((cell) => cell.trim())).toEqual([
        '',
        `${title} (\`${name}\`)`,
        `\`${command.join(' ')}\``,
        variables.join(', '),
        '',
      ])
    }
  })

  it('have all metrics, and none that does not exist', async () => {
    const dispatcher = createMetrics()
    createDispatcherMetrics(dispatcher)
    const exposed = [(await api.call('GET', '/metrics')).text, await dispatcher.text()].join('\n')
    const registered = [...exposed.matchAll(/^# HELP (switchyard_\w+)/gm)].map(([, name = '']) => name)
    const { text } = await readDocument('docs/operations.md')
    const documented = [...text.matchAll(/\bswitchyard_[a-z_]+/g)].map(([name]) => name)
    expect(new Set(documented)).toEqual(new Set(registered))
  })

  it('show the claim as it is', async () => {
    const { text } = await readDocument('docs/architecture.md')
    const shown = codeBlocks(text).find(
      (block) => block.language === 'sql' && block.text.includes('skip locked'),
    )
    const pieces = (shown?.text ?? '').split('…').map(oneLine)
    expect(pieces.length).toBeGreaterThan(1)
    for (const piece of pieces) expect(oneLine(STATEMENTS['claim_next'] ?? '')).toContain(piece)
  })

  it('show the indexes of the claim as they are', async () => {
    const { text } = await readDocument('docs/architecture.md')
    const schema = await readFile(join(ROOT, 'db/schema.sql'), 'utf8')
    const shown = codeBlocks(text).find((block) => block.text.startsWith('create index'))
    const statements = (shown?.text ?? '').split(';').map(oneLine).filter(Boolean)
    expect(statements).toHaveLength(2)
    for (const statement of statements) {
      const [, name = ''] = /^create index (\w+)/.exec(statement) ?? []
      await database.pool.query(`drop index ${name}`)
      await database.pool.query(statement)
      const { rows } = await database.pool.query<{ definition: string }>(
        'select pg_get_indexdef($1::regclass) as definition',
        [name],
      )
      expect(schema).toContain(rows[0]?.definition.replaceAll('public.', ''))
    }
  })
})

/** What the pattern's first group that matched says, and where. */
function findAll(pattern: RegExp): { path: string; name: string }[] {
  return documents.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map((match) => ({ path, name: match.slice(1).find(Boolean) ?? '' })),
  )
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

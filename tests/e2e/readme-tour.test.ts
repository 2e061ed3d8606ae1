import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startTestApi, TOKENS, WEBHOOK_SECRET } from '../support/api.ts'
import type { TestApi, WireTask } from '../support/api.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { codeBlocks, readDocument } from '../support/markdown.ts'
import { runShell } from '../support/run-shell.ts'

let database: TestDatabase
let api: TestApi
let directory: string

beforeAll(async () => {
  database = await createTestDatabase()
  api = await startTestApi(database)
  // What `npm start` leaves there.
  directory = await mkdtemp(join(tmpdir(), 'switchyard-tour-'))
  await mkdir(join(directory, '.switchyard'))
  await writeFile(join(directory, '.switchyard/admin-token'), `${TOKENS.admin}\n`)
  await writeFile(join(directory, '.switchyard/webhook-secret'), `${WEBHOOK_SECRET}\n`)
})
afterAll(async () => {
  await api.stop()
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

describe('the curl tour of README.md', () => {
  it('works as it stands there', async () => {
    const readme = await readDocument('README.md')
    const tour = codeBlocks(readme.text).filter(({ heading }) => heading === 'A tour with curl')
    const webhook = tour.find(({ text }) => text.includes('/webhooks/forgejo'))?.text ?? ''
    const lines = [
      ...tour.map(({ text }) => text),
      'echo "RESULT $TASK $ASSIGNED"',
      // “Sent once more, duplicate”.
      webhook,
    ]
    const printed = await runShell(lines.join('\n'), { shell: 'bash', directory, env: { URL: api.url } })

    expect(printed).not.toContain('urn:switchyard:problem')
    const answers = [...printed.matchAll(/^\{"delivery_id":"[^"]+","outcome":"(\w+)"/gm)]
    expect(answers.map(([, outcome]) => outcome)).toEqual(['created', 'duplicate'])
    const [, finished = '', assigned = ''] = /^RESULT (\S+) (\S+)$/m.exec(printed) ?? []
    expect(await task(finished)).toMatchObject({
      status: 'succeeded',
      execution_mode: 'http_pull',
      agent_id: 'tour',
      result: { summary: 'Hello, nice to see you.' },
    })
    expect((await api.call('GET', `/api/v1/tasks/${finished}/logs`)).text).toBe('thinking\n')
    expect(await task(assigned)).toMatchObject({
      status: 'pending',
      execution_mode: 'http_pull',
      assigned_agent_id: 'tour',
    })
  })
})

async function task(id: string): Promise<WireTask> {
  return (await api.call('GET', `/api/v1/tasks/${id}`)).body as WireTask
}

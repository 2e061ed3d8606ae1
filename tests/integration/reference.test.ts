import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openApi, PROBLEMS } from '@switchyard/contract'
import { recordHostCheck, takeHostChecks } from '@switchyard/store'
import { TOKENS, WEBHOOK_SECRET } from '../support/api.ts'
import { operationsOf } from '../support/fuzz/api-document.ts'
import type { ApiDocument } from '../support/fuzz/api-document.ts'
import { createSituations } from '../support/fuzz/situations.ts'
import type { Situation } from '../support/fuzz/situations.ts'
import { runShell } from '../support/run-shell.ts'
import { newFindings } from '../support/task-factory.ts'
import { until } from '../support/until.ts'
import { useTestApi } from '../support/use-test-api.ts'

interface WithSamples {
  readonly description: string
  readonly 'x-codeSamples': readonly { readonly source: string }[]
}

const stack = useTestApi({
  hostCheckMilliseconds: 30_000,
  // What is taken before the first example is still held at the last one.
  config: { SWITCHYARD_START_SECONDS: 3_600, SWITCHYARD_LEASE_SECONDS: 3_600 },
})
const { api } = stack
const document = JSON.parse(JSON.stringify(openApi(''))) as ApiDocument
const operations = operationsOf(document)
const situations = new Map<string, readonly Situation[]>()
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchyard-reference-'))
  for (const { operationId } of operations) situations.set(operationId, await createSituations(api))
})
afterAll(() => rm(directory, { recursive: true }))

/** Which of the situations an operation can succeed in. */
const SITUATION: Readonly<Record<string, number>> = {
  rerunTask: 2,
  assignTask: 0,
  cancelTask: 0,
  deleteAgent: 0,
  dequeueTask: 0,
}
const HELD = 1

describe('the reference', () => {
  it.each(operations)('has a line of curl for $operationId that works as it stands', async (operation) => {
    const { operationId } = operation
    const { 'x-codeSamples': samples } = operation as unknown as WithSamples
    const known: Situation['known'] =
      situations.get(operationId)?.[SITUATION[operationId] ?? HELD]?.known ?? {}
    // What never ends is left after a second; curl then says so by its status.
    const limit = operationId === 'streamEvents' ? 1 : 20
    const headers = join(directory, `${operationId}.headers`)
    await writeFile(join(directory, '.curlrc'), `max-time = ${limit}\ndump-header = "${headers}"\n`)
    const running = runShell(samples[0]?.source ?? 'false', {
      shell: 'bash',
      directory,
      env: {
        CURL_HOME: directory,
        SWITCHYARD_URL: api.url,
        SWITCHYARD_TOKEN: TOKENS.admin,
        SWITCHYARD_WEBHOOK_SECRET: WEBHOOK_SECRET,
        TASK_ID: String(known['task_id']),
        AGENT_ID: String(known['agent_id']),
        HOST_ID: String(known['host_id']),
        DELIVERY_ID: String(known['delivery_id']),
        LEASE_TOKEN: String(known['lease_token']),
      },
    }).catch((error: unknown) => {
      if (operationId !== 'streamEvents') throw error
    })
    if (operationId === 'checkHost') await answerTheCheck()
    await running
    expect(await readFile(headers, 'utf8')).toMatch(/^HTTP\/1.1 2\d\d /)
  })

  it('is shown with the address of who reads it in every line of curl', async () => {
    const shown: ApiDocument[] = []
    const page = createContext({
      fetch: (path: string) => fetch(api.url + path),
      location: { origin: 'https://switchyard.example.org' },
      SwaggerUIBundle: ({ spec }: { spec: ApiDocument }) => shown.push(spec),
    })
    const { text } = await api.call('GET', '/docs/start.js', undefined, { token: null })
    runInContext(text, page)
    const [spec] = await until('the page has its document', () =>
      Promise.resolve(shown.length > 0 ? shown : null),
    )
    for (const operation of operationsOf(spec ?? document)) {
      const { description } = operation as unknown as WithSamples
      expect(description).toContain(`curl -sS`)
      expect(description).toContain(`"https://switchyard.example.org${operation.path.split('{')[0] ?? ''}`)
    }
  })

  it('says of every problem that an operation can meet what happened and what to do', () => {
    const text = JSON.stringify(operations.map(({ responses }) => responses))
    for (const [code, { title, next }] of Object.entries(PROBLEMS)) {
      // No operation answers these: they are for what is none.
      if (['route_not_found', 'method_not_allowed'].includes(code)) continue
      expect(text).toContain(JSON.stringify(`\`${code}\`: ${title}. `).slice(1, -1))
      expect(text).toContain(JSON.stringify(next).slice(1, -1))
    }
  })
})

/** In place of a dispatcher. */
async function answerTheCheck(): Promise<void> {
  const { pool } = stack.database
  const taken = await until('a dispatcher is asked', async () => (await takeHostChecks(pool, 1))[0] ?? null)
  const found = { error: null, shownHostKeySha256: null, cooldownSeconds: 0, blockedReason: null }
  await recordHostCheck(pool, { ...taken, ...found, found: newFindings() })
}

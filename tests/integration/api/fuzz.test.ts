import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { API_VERSION } from '@switchyard/api'
import { openApi } from '@switchyard/contract'
import { readConfig, startDispatcher } from '@switchyard/dispatcher'
import type { Dispatcher } from '@switchyard/dispatcher'
import { createLog } from '@switchyard/platform'
import fc from 'fast-check'
import { fakeSsh } from '../../support/fake-ssh.ts'
import { operationsOf } from '../../support/fuzz/api-document.ts'
import type { ApiDocument } from '../../support/fuzz/api-document.ts'
import { createJudge } from '../../support/fuzz/judge.ts'
import { fittingRequestFor, requestFor } from '../../support/fuzz/request-for.ts'
import { FUZZ } from '../../support/fuzz/settings.ts'
import { sendRaw } from '../../support/fuzz/send.ts'
import type { RawRequest } from '../../support/fuzz/send.ts'
import { createSituations } from '../../support/fuzz/situations.ts'
import type { Situation } from '../../support/fuzz/situations.ts'
import { useTestApi } from '../../support/use-test-api.ts'

// The document is the one that the API serves: a test of the operations compares the two.
const operations = operationsOf(JSON.parse(JSON.stringify(openApi(API_VERSION))) as ApiDocument)
// MCP has a judge of its own, beside this file.
const judged = operations.filter(({ operationId }) => operationId !== 'callMcp')

const stack = useTestApi({
  hostCheckMilliseconds: 10_000,
  // What is taken before the first request is still held at the last one.
  config: { SWITCHYARD_START_SECONDS: 3_600, SWITCHYARD_LEASE_SECONDS: 3_600 },
})
const { api } = stack
const agent = new Agent({ keepAlive: true })
let dispatcher: Dispatcher

// All before the first strange request: later anybody may be given a task that such a request made.
const situations = new Map<string, readonly Situation[]>()
beforeAll(async () => {
  for (const { operationId } of judged) situations.set(operationId, await createSituations(api))
})
// Hosts are checked by somebody, and what they can run is run.
beforeAll(async () => {
  const { config } = readConfig({
    DATABASE_URL: stack.database.connectionString,
    SWITCHYARD_HEALTH_PORT: '0',
    SWITCHYARD_ALLOW_PASSWORDS: 'true',
  })
  dispatcher = await startDispatcher(
    config,
    {},
    {
      ssh: fakeSsh(),
      log: createLog({ level: 'silent', service: 'dispatcher' }),
    },
  )
})
afterAll(async () => {
  agent.destroy()
  await dispatcher.stop()
})

describe.each(judged)('$operationId', (operation) => {
  it('answers whatever is sent as its document says, and succeeds in every way that it names', async () => {
    const about = situations.get(operation.operationId) ?? []
    const judge = createJudge(operation)
    const missing = new Set(Object.keys(operation.responses).filter((status) => status.startsWith('2')))
    const send = async (request: RawRequest): Promise<void> => {
      const answer = await sendRaw(api.port, agent, request)
      missing.delete(String(answer.status))
      expect({ faults: judge(answer), answer }).toEqual({ faults: [], answer })
    }
    await fc.assert(fc.asyncProperty(requestFor(operation, about), send), FUZZ)
    // Some successes are rare: what is asked for has to be there, or must not be.
    const rest =
      missing.size === 0 ? [] : fc.sample(fittingRequestFor(operation, about), { ...FUZZ, numRuns: 400 })
    for (const request of rest) if (missing.size > 0) await send(request)
    expect({ seed: FUZZ.seed, missing: [...missing] }).toEqual({ seed: FUZZ.seed, missing: [] })
  })
})

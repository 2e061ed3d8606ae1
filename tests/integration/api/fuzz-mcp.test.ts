import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openApi } from '@switchyard/contract'
import { TOOLS } from '@switchyard/mcp'
import fc from 'fast-check'
import { TOKENS } from '../../support/api.ts'
import { operationsOf } from '../../support/fuzz/api-document.ts'
import type { ApiDocument } from '../../support/fuzz/api-document.ts'
import { createJudge } from '../../support/fuzz/judge.ts'
import { createToolJudge, faultsOfRpc } from '../../support/fuzz/mcp-judge.ts'
import { revisionHeaders, strangeMessage, toolCallFor } from '../../support/fuzz/mcp-message.ts'
import type { ListedTool, Message } from '../../support/fuzz/mcp-message.ts'
import { requestFor } from '../../support/fuzz/request-for.ts'
import { sendRaw } from '../../support/fuzz/send.ts'
import type { RawAnswer } from '../../support/fuzz/send.ts'
import { FUZZ } from '../../support/fuzz/settings.ts'
import { createSituations } from '../../support/fuzz/situations.ts'
import type { Situation } from '../../support/fuzz/situations.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi({
  config: { SWITCHYARD_START_SECONDS: 3_600, SWITCHYARD_LEASE_SECONDS: 3_600 },
})
const agent = new Agent({ keepAlive: true })
const operations = operationsOf(JSON.parse(JSON.stringify(openApi(''))) as ApiDocument)
const operation = operations.filter(({ operationId }) => operationId === 'callMcp')
const judges = operation.map(createJudge)
const about = new Map<string, readonly Situation[]>()
let listed: readonly ListedTool[] = []

beforeAll(async () => {
  for (const { name } of TOOLS) about.set(name, await createSituations(api))
  const { text } = await send({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  listed = (JSON.parse(text) as { result: { tools: readonly ListedTool[] } }).result.tools
})
afterAll(() => {
  agent.destroy()
})

function send(message: Message, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  return sendRaw(api.port, agent, {
    method: 'POST',
    path: '/mcp',
    headers: {
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${TOKENS.admin}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: Buffer.from(JSON.stringify(message)),
  })
}

function faultsOf(answer: RawAnswer): readonly string[] {
  return judges.flatMap((judge) => judge(answer))
}

describe('MCP', () => {
  it.each(TOOLS.map(({ name }) => name))(
    '%s answers whatever it is given with data that fits its schema or with a refusal, and works',
    async (name) => {
      const situations = about.get(name) ?? []
      const tool = listed.find((candidate) => candidate.name === name)
      if (tool === undefined) throw new Error(`${name} is not listed`)
      const judge = createToolJudge(tool)
      let successes = 0
      const call = async (message: Message): Promise<void> => {
        const answer = await send(message)
        const { faults, worked } = judge(answer)
        if (worked) successes += 1
        const all = [...faultsOf(answer), ...faultsOfRpc(message, answer), ...faults]
        expect({ faults: all, answer }).toEqual({ faults: [], answer })
      }
      await fc.assert(fc.asyncProperty(toolCallFor(tool, situations), call), FUZZ)
      expect({ seed: FUZZ.seed, hasWorked: successes > 0 }).toEqual({ seed: FUZZ.seed, hasWorked: true })
    },
  )

  it('answers messages that are no calls of a tool, in any revision', async () => {
    const strange = fc.asyncProperty(strangeMessage, revisionHeaders, async (message, headers) => {
      const answer = await send(message, headers)
      const all = [...faultsOf(answer), ...faultsOfRpc(message, answer)]
      expect({ faults: all, answer }).toEqual({ faults: [], answer })
    })
    await fc.assert(strange, { ...FUZZ, numRuns: FUZZ.numRuns * 5 })
  })

  it('answers what is no message at all', async () => {
    const situations = [...about.values()][0] ?? []
    const hostile = fc.oneof(...operation.map((one) => requestFor(one, situations)))
    await fc.assert(
      fc.asyncProperty(hostile, async (request) => {
        const answer = await sendRaw(api.port, agent, request)
        expect({ faults: faultsOf(answer), answer }).toEqual({ faults: [], answer })
      }),
      { ...FUZZ, numRuns: FUZZ.numRuns * 3 },
    )
  })
})

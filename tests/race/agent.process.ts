import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '../../demo/client.ts'
import { runPullingAgent } from '../../demo/pulling-agent.ts'
import { until } from '../support/until.ts'
import { isOpen } from './gates.ts'

/** A pulling agent of its own process: notes every task that it executes in the round's ledger. Ends with its parent. */
const [url = '', token = '', agentId = '', directory = ''] = process.argv.slice(2)
const over = new AbortController()
process.once('disconnect', () => over.abort())

await runPullingAgent({
  client: createClient(url, token),
  agentId,
  signal: over.signal,
  async work({ id, attempt, title: round }) {
    await until('the round is open', () => over.signal.aborted || isOpen(directory, round), 60)
    appendFileSync(join(directory, `${round}.ledger`), `${id} ${attempt} ${agentId}\n`)
    return { summary: 'noted' }
  },
})

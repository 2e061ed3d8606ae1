import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { millisecondsFor, type RunLine } from './run-line.ts'

/** What runs on the SSH hosts in place of a coding agent: works for as long as the prompt says, and writes down when. */
async function main(): Promise<void> {
  const run = randomUUID()
  const task = process.env['SWITCHYARD_TASK_ID'] ?? ''
  const attempt = Number(process.env['SWITCHYARD_ATTEMPT'])
  const by = process.env['SWITCHYARD_AGENT_ID'] ?? ''
  function record(what: RunLine['what']): void {
    const line: RunLine = { run, task, attempt, by, what, at: Date.now() }
    appendFileSync(process.env['RECORD_FILE'] ?? '', `${JSON.stringify(line)}\n`)
  }

  process.once('SIGTERM', () => {
    record('stopped')
    process.exit(143)
  })
  record('started')
  await delay(millisecondsFor(await text(process.stdin), attempt))
  record('finished')
  process.stdout.write('done\n')
}

await main()

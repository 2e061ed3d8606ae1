import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { codeBlocks, readDocument } from '../support/markdown.ts'
import { runShell } from '../support/run-shell.ts'
import { until } from '../support/until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let directory: string
const started: { child: ChildProcess; output: () => string }[] = []

beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'switchyard-first-task-'))))
afterAll(async () => {
  for (const { child } of started.reverse()) {
    const ended = once(child, 'exit')
    // The whole of what the terminal runs, npm included, as Ctrl-C does it.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
    if (child.exitCode === null) await ended
  }
  await rm(directory, { recursive: true, force: true })
})

/** Beside an instance that may run in this clone already: with data, a port and a home of its own. */
const env = () => ({
  PORT: '0',
  HOME: directory,
  SWITCHYARD_DATA_DIR: join(directory, 'data'),
  npm_config_update_notifier: 'false',
})

/** What is typed in a terminal of its own, and goes on. */
async function inTerminal(script: string, untilItSays: string): Promise<void> {
  const child = spawn('sh', ['-eu', '-c', script], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env() },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  started.push({ child, output: () => output })
  await until(
    `${script} says ${untilItSays}`,
    () => {
      if (child.exitCode !== null) throw new Error(`${script} ended: ${output}`)
      return output.includes(untilItSays)
    },
    50,
  )
}

it('goes from nothing to a task that is done, as docs/first-task.md says', async () => {
  const { text } = await readDocument('docs/first-task.md')
  const [first = '', second = '', third = ''] = codeBlocks(text)
    .filter(({ language }) => language === 'sh')
    .map((block) => block.text)
  await inTerminal(first, 'Switchyard is running')
  await inTerminal(second, 'takes tasks')
  const printed = await runShell(third, { shell: 'sh', directory: ROOT, env: env() })
  expect(withoutIds(printed)).toBe(withoutIds(shownIn(text)))
})

function shownIn(text: string): string {
  return (
    codeBlocks(text).find(({ language, text: block }) => language === '' && block.startsWith('Hello'))
      ?.text ?? ''
  )
}

function withoutIds(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'INSTANT')
    .replaceAll(/\d+ s ago/g, 'AGE ago')
}

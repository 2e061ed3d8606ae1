import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, renameSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { systemClock } from '@switchyard/platform'

const REMEMBERED_LINES = 20
/** Longer than the services' own grace period, so that it is they who decide. */
const STOP_MILLISECONDS = 35_000

export interface ServiceOptions {
  readonly name: string
  /** The JavaScript file to run. */
  readonly entry: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
  /** Called with every line that the service writes. */
  readonly onLine: (line: string) => void
}

/** A service that runs as our child. */
export interface ServiceProcess {
  readonly name: string
  /** Resolves when the service has ended, to a sentence about how. */
  readonly exited: Promise<string>
  /** The last lines that it wrote. */
  readonly lastLines: () => readonly string[]
  /** Asks it to end, and makes it after a while. */
  readonly stop: () => Promise<void>
  readonly kill: (signal?: NodeJS.Signals) => void
}

/**
 * Runs a service in a session of its own, so that Ctrl-C reaches it through us and in our order. Its IPC channel is how it
 * notices that we are gone. What it writes goes to its log file; the file of the start before is kept beside it.
 */
export function startService({ name, entry, env, logFile, onLine }: ServiceOptions): ServiceProcess {
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`)
  const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
  const remembered: string[] = []
  const child = spawn(process.execPath, [entry], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })

  function onOutput(line: string): void {
    file.write(`${line}\n`)
    remembered.push(line)
    if (remembered.length > REMEMBERED_LINES) remembered.shift()
    onLine(line)
  }
  for (const output of [child.stdout, child.stderr] as (Readable | null)[]) {
    if (output !== null) createInterface({ input: output }).on('line', onOutput)
  }

  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    // 'close' comes after the last output, 'exit' may come before it.
    child.once('close', (code, signal) => {
      file.end()
      resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`)
    })
  })

  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    const patience = new AbortController()
    await Promise.race([exited, systemClock.sleep(STOP_MILLISECONDS, patience.signal)])
    patience.abort()
    child.kill('SIGKILL')
    await exited
  }

  return {
    name,
    exited,
    lastLines: () => remembered,
    stop,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

export interface AgentProcess {
  readonly pid: number
  /** What it has said so far, with `--json` on standard output. */
  events(): { readonly event: string; readonly task_id?: string; readonly why?: string }[]
  errors(): string
  untilRunning(): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Resolves to the exit code, or the signal, when the process has ended. */
  readonly ended: Promise<number | string>
}

/** Starts `switchyard --json agent run …` from source, with nothing of our environment but the path; as somebody else when that is said. */
export function startAgentProcess(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  directory: string,
  { uid, gid }: { readonly uid?: number; readonly gid?: number } = {},
): AgentProcess {
  const child = spawn(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      '--conditions=@switchyard/source',
      MAIN,
      '--json',
      'agent',
      'run',
      ...args,
    ],
    {
      cwd: directory,
      env: { PATH: process.env['PATH'] ?? '', HOME: directory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    },
  )
  let output = ''
  let errors = ''
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()))
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const events = (): ReturnType<AgentProcess['events']> =>
    output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { event: string })
  return {
    pid: child.pid!,
    events,
    errors: () => errors,
    async untilRunning() {
      await until('the agent runs', () => {
        if (child.exitCode !== null) throw new Error(`the agent ended: ${errors}`)
        return events().length > 0
      })
    },
    kill: (signal) => void child.kill(signal),
    ended,
  }
}

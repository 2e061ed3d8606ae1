import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const BUILT = fileURLToPath(new URL('../../packages/cli/bin/switchyard.js', import.meta.url))

export interface AgentProcess {
  readonly pid: number
  /** What it has said so far, with `--json` on standard output. */
  events(): { readonly event: string; readonly task_id?: string; readonly why?: string }[]
  errors(): string
  /** Throws after 20 s unless another patience is given. */
  untilRunning(seconds?: number): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Resolves to the exit code, or the signal, when the process has ended. */
  readonly ended: Promise<number | string>
}

export interface AgentProcessOptions {
  /** As whom it runs; as ourselves unless said. */
  readonly uid?: number
  readonly gid?: number
  /** What `buildCommandLine` has compiled, which starts sooner and is smaller than the source. */
  readonly built?: boolean
}

/** Starts `switchyard --json agent run …` with nothing of our environment but the path. */
export function startAgentProcess(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  directory: string,
  { uid, gid, built = false }: AgentProcessOptions = {},
): AgentProcess {
  const child = spawn(
    process.execPath,
    [
      ...(built
        ? [BUILT]
        : ['--import', import.meta.resolve('tsx'), '--conditions=@switchyard/source', MAIN]),
      ...['--json', 'agent', 'run', ...args],
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
    async untilRunning(seconds) {
      const runs = (): boolean => {
        if (child.exitCode !== null) throw new Error(`the agent ended: ${errors}`)
        return events().length > 0
      }
      await until('the agent runs', runs, seconds)
    },
    kill: (signal) => void child.kill(signal),
    ended,
  }
}

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { until } from './until.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/switchyard.js', import.meta.url))

export interface CommandLineOptions {
  readonly directory: string
  /** Nothing else of an environment gets in, but the path. HOME is the directory unless said. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Compiles the command line, which takes a moment only when something has changed. */
export async function buildCommandLine(): Promise<void> {
  await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/cli'], {
    cwd: ROOT,
  })
}

/** Runs `switchyard` as a process with pipes for input and output. */
export async function switchyard(args: readonly string[], options: CommandLineOptions): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: options.directory,
    env: environment(options),
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  child.stdin.end(options.input ?? '')
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

export interface Terminal {
  /** All that has been written to the terminal. */
  output(): string
  untilShown(what: string): Promise<void>
  type(keys: string): void
  readonly process: ChildProcess
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>
}

/** Runs it on a pseudoterminal, which script(1) makes. */
export function onTerminal(args: readonly string[], options: CommandLineOptions): Terminal {
  const command = [process.execPath, PROGRAM, ...args].map(quoted).join(' ')
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd: options.directory,
    env: { TERM: 'xterm', SHELL: '/bin/sh', ...environment(options) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
  return {
    process: child,
    output: () => output,
    async untilShown(what) {
      await until(`the terminal shows ${what}`, () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${output}`)
        return output.includes(what)
      })
    },
    type: (keys) => void child.stdin.write(keys),
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
}

function environment({ directory, env = {} }: CommandLineOptions): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: directory, ...env }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

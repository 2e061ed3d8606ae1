import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ShellOptions {
  readonly shell: 'sh' | 'bash'
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Runs a script as somebody would who pastes it into a fresh shell, and returns what it printed. A command that fails, or a variable that
 * is not set, is an error. Nothing of our own environment gets in but PATH.
 */
export async function runShell(script: string, { shell, directory, env }: ShellOptions): Promise<string> {
  const { stdout } = await run(shell, ['-eu', '-c', script], {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  return stdout
}

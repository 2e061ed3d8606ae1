import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LocalSshServer } from '../../demo/ssh-server.ts'

/** The OpenSSH client on one shared, warm connection (ssh_config(5), ControlMaster). */
export interface OpenSshClient {
  /** Runs a command line, drops its output, and returns how long that took, from spawn to exit, in milliseconds. */
  run(commandLine: string): Promise<number>
  stop(): Promise<void>
}

/** Opens the connection; `directory` gets its socket. */
export async function connectOpenSsh(server: LocalSshServer, directory: string): Promise<OpenSshClient> {
  const control = ['-F', 'none', '-S', join(directory, 'control')]
  const destination = `${server.user}@${server.address}`
  await succeed([
    ...control,
    ...['-M', '-N', '-f', '-i', server.privateKeyPath, '-p', String(server.port)],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
    destination,
  ])
  return {
    async run(commandLine) {
      const begin = performance.now()
      await succeed([...control, destination, commandLine])
      return performance.now() - begin
    },
    stop: () => succeed([...control, '-O', 'exit', destination]),
  }
}

async function succeed(parameters: readonly string[]): Promise<void> {
  const child = spawn('ssh', parameters, { stdio: ['ignore', 'ignore', 'ignore'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`ssh ${parameters.join(' ')} ended with ${String(code)}`)
}

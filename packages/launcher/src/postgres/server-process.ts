import type { ChildProcess } from 'node:child_process'
import { open, readFile, rename } from 'node:fs/promises'
import { systemClock } from '@switchyard/platform'
import { spawnAs, type Account } from './account.ts'
import { readPostmasterFile } from './postmaster-file.ts'

const POLL_MILLISECONDS = 20
const FAST_STOP_MILLISECONDS = 20_000
const SHOWN_LOG_LINES = 15

/** A PostgreSQL server that we started. */
export interface ServerProcess {
  /** Resolves when the server has ended, whoever ended it, to a sentence about how. */
  readonly exited: Promise<string>
  /** Fast shutdown, and after a while the immediate one. Safe to repeat. */
  readonly stop: () => Promise<void>
  /** Immediate shutdown, without waiting: the next start recovers from the write-ahead log. */
  readonly abandon: () => void
}

/** The server ended before it was ready. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError'
  readonly serverLog: string

  constructor(ending: string, serverLog: string) {
    super(
      `PostgreSQL did not start (${ending}):\n${serverLog.trimEnd().split('\n').slice(-SHOWN_LOG_LINES).join('\n')}`,
    )
    this.serverLog = serverLog
  }
}

/**
 * Starts the server and waits until it accepts connections, however long recovery takes. Its log goes to a file; the one before is
 * kept beside it. Throws ServerStartError with the end of that log.
 */
export async function startServer(
  postgres: string,
  account: Account,
  { clusterDirectory, logFile }: { clusterDirectory: string; logFile: string },
): Promise<ServerProcess> {
  await rename(logFile, `${logFile}.previous`).catch(() => undefined)
  const log = await open(logFile, 'a', 0o600)
  const child = spawnAs(account, postgres, ['-D', clusterDirectory], {
    cwd: clusterDirectory,
    stdio: ['ignore', log.fd, log.fd],
  })
  let ending: string | undefined
  const exited = ended(child).then((how) => (ending = how))
  await log.close()
  for (;;) {
    const present = await readPostmasterFile(clusterDirectory)
    if (ending !== undefined) throw new ServerStartError(ending, await readFile(logFile, 'utf8'))
    if (present?.pid === child.pid && present?.ready === true) break
    await Promise.race([exited, systemClock.sleep(POLL_MILLISECONDS)])
  }

  async function stop(): Promise<void> {
    child.kill('SIGINT')
    const patience = new AbortController()
    await Promise.race([exited, systemClock.sleep(FAST_STOP_MILLISECONDS, patience.signal)])
    patience.abort()
    child.kill('SIGQUIT')
    await exited
  }

  return { exited, stop, abandon: () => void child.kill('SIGQUIT') }
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`),
    )
  })
}

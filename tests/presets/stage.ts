import { appendFile, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres, THROWAWAY_SETTINGS } from '@switchyard/launcher'
import { migrate } from '@switchyard/store'
import type { LocalSshServer } from '../../demo/ssh-server.ts'
import { startSshd } from '../support/sshd.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { startModelServer, type ModelServer } from './model/server.ts'

/** Whom the agents run as: nobody that this machine knows, and known only within our own view of it. */
export const USER = { name: 'switchyard-try', uid: 64_123, gid: 64_123 }

/** All that runs are made of: Switchyard, a host, and the stub of a model. */
export interface Stage {
  readonly stack: Stack
  readonly model: ModelServer
  readonly server: LocalSshServer
  /** The home directory of the user. */
  readonly home: string
  stop(): Promise<void>
}

/** Starts everything within the folder, as root in namespaces of its own. */
export async function startStage(folder: string): Promise<Stage> {
  const stops: (() => Promise<unknown>)[] = []
  async function stop(): Promise<void> {
    for (const each of stops.toReversed()) await each()
  }
  try {
    const directory = await mkdtemp(join(folder, 'run-'))
    stops.push(() => rm(directory, { recursive: true, force: true }))
    await promisify(execFile)('chmod', ['0755', directory])
    const home = join(directory, 'home')
    await mkdir(home)
    await chown(home, USER.uid, USER.gid)
    await introduceUser(directory, home)
    const postgres = await startEmbeddedPostgres({
      dataDirectory: join(directory, 'postgres'),
      log: () => undefined,
      settings: THROWAWAY_SETTINGS,
    })
    stops.push(() => postgres.stop())
    const databaseUrl = postgres.connectionString()
    await migrate({ connectionString: databaseUrl })
    // An agent whose command is silent hears of a cancel with its next heartbeat, a third of the lease later.
    const stack = await startStack({ databaseUrl, env: { SWITCHYARD_LEASE_SECONDS: '15' } })
    stops.push(() => stack.stop())
    const log = join(folder, 'model.log')
    await writeFile(log, '')
    const model = await startModelServer((line) => void appendFile(log, `${line}\n`))
    stops.push(() => model.stop())
    const server = { ...(await startSshd({ home })), user: USER.name }
    stops.push(() => server.stop())
    await stack.startDispatcher()
    return { stack, model, server, home, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Makes the user known to what looks it up, in our own mount namespace only. */
async function introduceUser(directory: string, home: string): Promise<void> {
  for (const [file, line] of [
    ['/etc/passwd', `${USER.name}:*:${USER.uid}:${USER.gid}::${home}:/bin/sh`],
    ['/etc/group', `${USER.name}:*:${USER.gid}:`],
  ] as const) {
    const own = join(directory, file.slice('/etc/'.length))
    await writeFile(own, `${await readFile(file, 'utf8')}${line}\n`)
    await promisify(execFile)('mount', ['--bind', own, file])
  }
}

/** Writes files into the home directory, as the user's own. */
export async function writeHomeFiles(home: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true })
    await writeFile(join(home, name), text)
  }
  await promisify(execFile)('chown', ['-R', `${USER.uid}:${USER.gid}`, home])
}

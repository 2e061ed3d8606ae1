import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from '@jest/globals'
import {
  createSsh,
  type FollowRequest,
  type FollowResult,
  type LaunchRequest,
  type LaunchResult,
  type RunFolder,
  type Ssh,
  type SshTarget,
} from '@switchyard/dispatcher/ssh'
import { startLocalSshServer, type LocalSshServer } from '../../demo/ssh-server.ts'
import { startSshd } from './sshd.ts'
import { until } from './until.ts'

export interface Followed {
  readonly bytes: Buffer
  readonly output: string
  readonly result: FollowResult
}

/** A server of the block's own; a client and a directory of each test's own. */
export interface SshStage {
  readonly server: LocalSshServer
  /** Another server of the same kind. */
  readonly startServer: () => Promise<LocalSshServer>
  /** A test may close it and put another one in its place. */
  ssh: Ssh
  readonly directory: string
  readonly target: (changes?: Partial<SshTarget>) => SshTarget
  /** Where a run lives that nobody has launched. */
  readonly folder: () => RunFolder
  readonly launch: (changes: Partial<LaunchRequest>, dialled?: SshTarget) => Promise<LaunchResult>
  /** Follows a run, and gathers its output. */
  readonly follow: (
    run: RunFolder,
    changes?: Partial<FollowRequest>,
    dialled?: SshTarget,
  ) => Promise<Followed>
  /** Starts a run, which goes on by itself. */
  readonly start: (
    changes: Partial<LaunchRequest>,
    dialled?: SshTarget,
  ) => Promise<RunFolder & { readonly processGroup: number }>
  /** Starts a run, and follows it to its end. */
  readonly run: (changes: Partial<LaunchRequest>) => Promise<Followed>
  /** The process that a command names in a file of the directory, once it has. */
  readonly pidIn: (file: string) => Promise<number>
}

/** What is said in `tests` holds for OpenSSH, and for the server that takes its place where there is none. */
export function describeSsh(title: string, tests: (stage: SshStage) => void): void {
  describe.each([
    ['OpenSSH', () => startSshd()],
    ['the in-process server', () => startLocalSshServer()],
  ])(`${title}, with %s`, (_name, startServer) => tests(sshStage(startServer)))
}

export const exited = (code: number) => ({ kind: 'exited', code, timedOut: false, resultFile: null })

export const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args]

/** A shell script that starts a child and a grandchild, and names all three in the directory `$1`. */
export const family =
  'sh -c "sleep 300 & echo \\$! > $1/grandchild; wait" & echo $! > "$1"/child; echo $$ > "$1"/parent; wait'

function sshStage(startServer: () => Promise<LocalSshServer>): SshStage {
  let server: LocalSshServer | undefined
  let ssh: Ssh | undefined
  let directory = ''
  beforeAll(async () => void (server = await startServer()))
  afterAll(() => server?.stop())
  beforeEach(() => {
    ssh = createSsh({ killGraceSeconds: 0.3 })
    directory = mkdtempSync(join(tmpdir(), 'switchyard-run-'))
  })
  afterEach(async () => {
    await ssh?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const stage: SshStage = {
    startServer,
    get server() {
      return present(server)
    },
    get ssh() {
      return present(ssh)
    },
    set ssh(other) {
      ssh = other
    },
    get directory() {
      return directory
    },
    target(changes = {}) {
      const { address, port, user, privateKeyPath, hostKeySha256 } = stage.server
      return { id: 'host', address, port, user, privateKeyPath, hostKeySha256, ...changes }
    },
    folder: () => ({ root: join(directory, 'runs'), id: randomUUID() }),
    launch: (changes, dialled = stage.target()) =>
      stage.ssh.launch(dialled, {
        ...stage.folder(),
        ...{ command: ['true'], workdir: null, environment: {}, prompt: '', timeoutSeconds: 30 },
        signal: new AbortController().signal,
        ...changes,
      }),
    async follow(run, changes = {}, dialled = stage.target()) {
      const pieces: Buffer[] = []
      const result = await stage.ssh.follow(dialled, {
        ...run,
        offset: 0,
        onOutput: (bytes) => {
          pieces.push(bytes)
          return Promise.resolve()
        },
        signal: new AbortController().signal,
        ...changes,
      })
      const bytes = Buffer.concat(pieces)
      return { bytes, output: bytes.toString(), result }
    },
    async start(changes, dialled = stage.target()) {
      const run = stage.folder()
      const result = await stage.launch({ ...run, ...changes }, dialled)
      if (result.kind !== 'launched') throw new Error(JSON.stringify(result))
      return { ...run, processGroup: result.processGroup }
    },
    run: async (changes) => stage.follow(await stage.start(changes)),
    pidIn: (file) =>
      until(`${file} holds a pid`, () => {
        const path = join(directory, file)
        const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
        return text.endsWith('\n') ? Number(text) : null
      }),
  }
  return stage
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none before the first test')
  return value
}

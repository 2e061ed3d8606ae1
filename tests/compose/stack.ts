import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RunLine } from './run-line.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

export const DISPATCHERS = 3
export const HOSTS = ['host-a', 'host-b'] as const

/** How one container is doing. */
export interface ContainerState {
  readonly name: string
  readonly service: string
  readonly running: boolean
  readonly exitCode: number
  readonly startedAt: string
  /** Null for a container without a health check. */
  readonly health: string | null
}

/** docker-compose.yml as a project of its own, under a random name, with two SSH hosts beside it. */
export class Stack {
  readonly project = `switchyard-check-${randomBytes(4).toString('hex')}`
  readonly adminToken = randomBytes(16).toString('hex')
  readonly #directory: string
  readonly #compose: readonly string[]
  #url = ''

  private constructor(directory: string) {
    this.#directory = directory
    this.#compose = findCompose()
  }

  static async prepare(): Promise<Stack> {
    const directory = await mkdtemp(join(tmpdir(), 'switchyard-compose-'))
    // The containers' user is not the one who runs the check.
    await chmod(directory, 0o777)
    await writeFile(join(directory, NO_ENV_FILE), '')
    return new Stack(directory)
  }

  /** Where the API is published at present: another port after every start. */
  get url(): string {
    return this.#url
  }

  /** Builds the image. `network` is docker build's, for machines whose builds have none of their own. */
  async build(network: string | undefined): Promise<void> {
    await run('docker', ['build', ...(network ? ['--network', network] : []), '--tag', IMAGE, ROOT], LIMITS)
  }

  /** Starts everything, or what was stopped, and waits until every health check says that it is well. */
  async up(signal: AbortSignal): Promise<void> {
    await this.#composeRun('up', '--detach', '--no-build', '--scale', `dispatcher=${DISPATCHERS}`)
    this.#url = `http://${(await this.#composeRun('port', 'api', '8080')).trim()}`
    const isWaitedFor = ({ health }: ContainerState): boolean => health !== null && health !== 'healthy'
    while ((await this.containers()).some(isWaitedFor)) await delay(250, undefined, { signal })
  }

  /** Stops everything but the SSH hosts, which stand for other machines. Resolves to the seconds that it took. */
  async stop(): Promise<number> {
    const start = performance.now()
    await this.#composeRun('stop', 'postgres', 'api', 'dispatcher')
    return (performance.now() - start) / 1000
  }

  async restartPostgres(): Promise<void> {
    await this.#composeRun('restart', 'postgres')
  }

  async down(): Promise<void> {
    await this.#composeRun('down', '--volumes', '--remove-orphans', '--timeout', '1')
    await rm(this.#directory, { recursive: true, force: true })
  }

  async logs(): Promise<string> {
    return this.#composeRun('logs', '--no-color', '--tail', '40')
  }

  async containers(): Promise<ContainerState[]> {
    const filter = `label=com.docker.compose.project=${this.project}`
    const ids = await run('docker', ['ps', '--all', '--quiet', '--filter', filter])
    const { stdout } = await run('docker', ['inspect', ...ids.stdout.split('\n').filter(Boolean)], LIMITS)
    return (JSON.parse(stdout) as InspectedContainer[]).map(({ Name, State, Config }) => ({
      name: Name.slice(1),
      service: Config.Labels['com.docker.compose.service'] ?? '',
      running: State.Running,
      exitCode: State.ExitCode,
      startedAt: State.StartedAt,
      health: State.Health?.Status ?? null,
    }))
  }

  /** What a host said about itself; null as long as it did not. */
  async hostFacts(id: string): Promise<Record<string, unknown> | null> {
    const text = await readFile(join(this.#directory, `${id}.json`), 'utf8').catch(() => null)
    return text === null ? null : (JSON.parse(text) as Record<string, unknown>)
  }

  /** What was executed on the hosts so far. */
  async hostLines(): Promise<RunLine[]> {
    const files = HOSTS.map((id) => readFile(join(this.#directory, `${id}.jsonl`), 'utf8').catch(() => ''))
    return (await Promise.all(files))
      .flatMap((text) => text.split('\n'))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RunLine)
  }

  async #composeRun(...command: string[]): Promise<string> {
    const [program = '', ...first] = this.#compose
    const files = ['docker-compose.yml', 'tests/compose/compose.check.yml'].flatMap((file) => [
      '--file',
      file,
    ])
    const { stdout } = await run(
      program,
      [
        ...first,
        '--env-file',
        join(this.#directory, NO_ENV_FILE),
        '--project-name',
        this.project,
        ...files,
        ...command,
      ],
      { ...LIMITS, cwd: ROOT, env: { ...process.env, ...this.#variables() } },
    )
    return stdout
  }

  #variables(): Record<string, string> {
    return {
      SWITCHYARD_IMAGE: IMAGE,
      SWITCHYARD_PUBLISH: '127.0.0.1:0',
      SWITCHYARD_CONFIG_DIR: this.#directory,
      SWITCHYARD_ADMIN_TOKEN: this.adminToken,
      SWITCHYARD_WEBHOOK_SECRET: 'unused',
      // With every character that a URL would have to encode.
      POSTGRES_PASSWORD: 'p/a:s@s%w?o#r d',
      SWITCHYARD_HOSTS_FILE: '',
      SWITCHYARD_RULES_FILE: '',
      SWITCHYARD_DISPATCH_INTERVAL_SECONDS: '1',
      SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: '5',
    }
  }
}

const IMAGE = 'switchyard:compose-check'
/** Read instead of the .env of whoever runs the check. */
const NO_ENV_FILE = 'empty.env'
const LIMITS = { maxBuffer: 64 * 1024 * 1024 }

interface InspectedContainer {
  readonly Name: string
  readonly State: {
    readonly Running: boolean
    readonly ExitCode: number
    readonly StartedAt: string
    readonly Health?: { readonly Status: string }
  }
  readonly Config: { readonly Labels: Readonly<Record<string, string>> }
}

/** The plugin of today, or the program of yesterday. Throws when there is neither. */
function findCompose(): readonly string[] {
  const candidates = [['docker', 'compose'], ['docker-compose']] as const
  for (const [program, ...first] of candidates) {
    if (spawnSync(program, [...first, 'version'], { stdio: 'ignore' }).status === 0)
      return [program, ...first]
  }
  throw new Error('This check needs Docker and docker compose.')
}

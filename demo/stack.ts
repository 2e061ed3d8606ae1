import { rmSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROUTES } from '@switchyard/contract'
import { startEmbeddedPostgres, THROWAWAY_SETTINGS } from '@switchyard/launcher'
import type { Lifecycle } from '@switchyard/platform'
import { migrate } from '@switchyard/store'
import { createClient, type Client } from './client.ts'
import { startReadyService } from './service.ts'
import { startLocalSshServer } from './ssh-server.ts'

export const HOST = 'build-host'
export const AGENT = 'bench-agent'
export const CYCLE_SECONDS = 0.5
export const UNDECIDED_SECONDS = 3

/** Which issues become tasks: each repository's rule names the label that its tasks require. */
const RULES = `\
rules:
  - name: shop
    event: issues
    repositories: [acme/shop]
    labels: [agent]
    task:
      requires: [linux]
  - name: firmware
    event: issues
    repositories: [acme/firmware]
    labels: [agent]
    task:
      requires: [usb-programmer]
  - name: handbook
    event: issues
    repositories: [acme/handbook]
    labels: [agent]
    task:
      requires: [good-writer]
`

/** Stands for a coding agent: reads the prompt from its standard input, says a few words, and touches nothing. */
const CODING_AGENT = `\
prompt=$(cat)
echo "Attempt $SWITCHYARD_ATTEMPT at $SWITCHYARD_REPOSITORY#$SWITCHYARD_ISSUE, as $SWITCHYARD_AGENT_ID."
echo "The prompt has $(printf '%s\\n' "$prompt" | wc -l | tr -d ' ') lines; the last one asks:"
printf '%s\\n' "$prompt" | tail -n 1 | sed 's/^/> /'
echo "Understood. A real agent would now clone, think, and push a branch."
`

export interface DemoStack {
  /** As the administrator, who is the coordinator of this story too. */
  readonly client: Client
  /** As the pulling agent. */
  readonly agent: Client
  readonly webhookSecret: string
  readonly directory: string
  readonly sshPort: number
}

/** Starts everything in a temporary directory. All of it ends, and the directory goes, with the lifecycle. */
export async function startDemoStack(lifecycle: Lifecycle): Promise<DemoStack> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-demo-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  lifecycle.onShutdown('temporary directory', remove)
  lifecycle.onForcedExit(remove)
  // PostgreSQL's own account, when we are root, must be able to pass.
  await chmod(directory, 0o711)

  const databaseUrl = await startDatabase(directory, lifecycle)
  lifecycle.signal.throwIfAborted()
  // Commands start there, and not in the home directory, which not every account has.
  const ssh = await startLocalSshServer({ directory })
  lifecycle.onShutdown('SSH server', () => ssh.stop())
  lifecycle.signal.throwIfAborted()

  const [adminToken, webhookSecret] = [newSecret(), newSecret()]
  const url = await startServices(directory, databaseUrl, { adminToken, webhookSecret }, lifecycle)
  const client = createClient(url, adminToken)
  const scriptFile = join(directory, 'coding-agent.sh')
  await writeFile(scriptFile, CODING_AGENT)
  await client.call(ROUTES.putHost, {
    params: { host_id: HOST },
    body: {
      address: ssh.address,
      port: ssh.port,
      user: ssh.user,
      private_key_path: ssh.privateKeyPath,
      host_key_sha256: ssh.hostKeySha256,
      labels: ['linux'],
      command: ['sh', scriptFile],
      timeout_seconds: 30,
    },
  })
  const { body } = await client.call(ROUTES.registerAgent, {
    body: { id: AGENT, labels: ['usb-programmer'] },
  })
  return { client, agent: createClient(url, body.token), webhookSecret, directory, sshPort: ssh.port }
}

async function startDatabase(directory: string, lifecycle: Lifecycle): Promise<string> {
  const starting = startEmbeddedPostgres({
    dataDirectory: join(directory, 'postgres'),
    log: () => undefined,
    settings: THROWAWAY_SETTINGS,
  })
  // Registered before it is up: an end that begins meanwhile must still stop it.
  lifecycle.onShutdown('PostgreSQL', () =>
    starting.then(
      (server) => server.stop(),
      () => undefined,
    ),
  )
  const server = await starting
  lifecycle.onForcedExit(server.abandon)
  const databaseUrl = server.connectionString()
  await migrate({ connectionString: databaseUrl })
  return databaseUrl
}

async function startServices(
  directory: string,
  databaseUrl: string,
  secrets: { readonly adminToken: string; readonly webhookSecret: string },
  lifecycle: Lifecycle,
): Promise<string> {
  const logs = join(directory, 'logs')
  const rulesFile = join(directory, 'rules.yaml')
  await mkdir(logs)
  await writeFile(rulesFile, RULES)
  const shared = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: databaseUrl,
    SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: String(UNDECIDED_SECONDS),
  }
  const environments = {
    api: {
      ...shared,
      PORT: '0',
      SWITCHYARD_RULES_FILE: rulesFile,
      SWITCHYARD_ADMIN_TOKEN: secrets.adminToken,
      SWITCHYARD_WEBHOOK_SECRET: secrets.webhookSecret,
    },
    dispatcher: {
      ...shared,
      SWITCHYARD_HEALTH_PORT: '0',
      SWITCHYARD_DISPATCH_INTERVAL_SECONDS: String(CYCLE_SECONDS),
    },
  }
  const start = async (name: 'api' | 'dispatcher') => {
    const entry = fileURLToPath(new URL(`../../services/${name}/dist/main.js`, import.meta.url))
    const starting = startReadyService({
      name,
      entry,
      env: environments[name],
      logFile: join(logs, `${name}.log`),
    })
    lifecycle.onShutdown(name, () =>
      starting.then(
        (service) => service.stop(),
        () => undefined,
      ),
    )
    const service = await starting
    lifecycle.onForcedExit(service.kill)
    return service
  }
  const [api] = await Promise.all([start('api'), start('dispatcher')])
  return api.url
}

function newSecret(): string {
  return randomBytes(24).toString('base64url')
}

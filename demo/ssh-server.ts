import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2'

/** An SSH server on the loopback interface, and all that a client needs to get in. */
export interface LocalSshServer {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly privateKeyPath: string
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. */
  readonly hostKeySha256: string
  /** What the server had to say so far. */
  log(): string
  /** Ends the server, its connections and every process that it started. */
  stop(): Promise<void>
}

export interface LocalSshServerOptions {
  /** Where commands start; the user's home directory unless said. */
  readonly directory?: string
  /** Added to the environment of commands. */
  readonly environment?: Readonly<Record<string, string>>
  /** Lets in whoever knows it, beside who has the key. */
  readonly password?: string
  /** Takes the password only as the answers to these questions, each with whether the answer is shown. */
  readonly questions?: readonly { readonly prompt: string; readonly echo: boolean }[]
}

/**
 * Starts an SSH server inside this process, for machines without sshd. It lets in one generated key, and does
 * what sshd does for a command without a terminal: `/bin/sh -c`, leader of a session of its own.
 */
export async function startLocalSshServer(options: LocalSshServerOptions = {}): Promise<LocalSshServer> {
  const keys = await createSshKeys()
  const user = userInfo().username
  const lines: string[] = []
  const groups = new ProcessGroups()
  const sockets = new Set<Socket>()
  const runsDirectory = join(keys.directory, 'runs')
  const ssh = new ssh2.Server({ hostKeys: [keys.hostKey] }, (client) => {
    client.on('error', (error) => lines.push(`client: ${error.message}`))
    client.on('authentication', (context) => {
      const { questions, password } = options
      if (questions !== undefined && context.method === 'keyboard-interactive') {
        context.prompt([...questions], (answers) => {
          if (answers.every((answer) => answer === password)) context.accept()
          else context.reject(['publickey', 'keyboard-interactive'])
        })
        return
      }
      const knows = questions === undefined && context.method === 'password' && context.password === password
      if (context.username === user && (knows || isSignedWith(keys.clientKey, context))) context.accept()
      else context.reject(['publickey', questions === undefined ? 'password' : 'keyboard-interactive'])
    })
    client.once('ready', () => {
      lines.push(`Accepted publickey for ${user}`)
      serveForwarding(client, sockets)
      serveCommands(client, options, runsDirectory, groups, lines)
    })
  })
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    ssh.injectSocket(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    user,
    privateKeyPath: keys.clientKeyPath,
    hostKeySha256: keys.hostKeySha256,
    log: () => lines.join('\n'),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      groups.killAll()
      await killRuns(runsDirectory)
      for (const socket of sockets) socket.destroy()
      await closed
      await rm(keys.directory, { recursive: true, force: true })
    },
  }
}

export interface SshKeys {
  readonly directory: string
  readonly hostKey: string
  readonly hostKeyPath: string
  readonly hostKeySha256: string
  readonly clientKey: ParsedKey
  readonly clientKeyPath: string
  /** One line, as it stands in authorized_keys. */
  readonly clientPublicKey: string
}

/** A host key and a client key, freshly generated, in a temporary directory that the caller removes. */
export async function createSshKeys(): Promise<SshKeys> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-ssh-'))
  const host = generateKeyPair()
  const client = generateKeyPair()
  const hostKeyPath = join(directory, 'host_key')
  const clientKeyPath = join(directory, 'client_key')
  await writeFile(hostKeyPath, withLineFeed(host.private), { mode: 0o600 })
  await writeFile(clientKeyPath, withLineFeed(client.private), { mode: 0o600 })
  const hostKeySha256 = `SHA256:${createHash('sha256').update(parseKey(host.public).getPublicSSH()).digest('base64')}`
  return {
    directory,
    hostKey: host.private,
    hostKeyPath,
    hostKeySha256: hostKeySha256.replace(/=+$/, ''),
    clientKey: parseKey(client.public),
    clientKeyPath,
    clientPublicKey: client.public,
  }
}

/**
 * One pair in 256 comes out of ssh2 broken: it loses the zero byte that a public key may begin with, and then cannot
 * read the key itself. Such a pair is thrown away.
 */
function generateKeyPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(pair.public) instanceof Error)) return pair
  }
}

function parseKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error) throw key
  return key
}

function withLineFeed(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

function isSignedWith(key: ParsedKey, context: AuthContext): boolean {
  if (context.method !== 'publickey' || !context.key.data.equals(key.getPublicSSH())) return false
  // Without a signature the client only asks whether the key would do.
  if (context.signature === undefined || context.blob === undefined) return true
  return key.verify(context.blob, context.signature, context.hashAlgo)
}

/** Connects clients to where they want to be forwarded to. */
function serveForwarding(client: Connection, sockets: Set<Socket>): void {
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    const socket = connectSocket({ host: destIP, port: destPort })
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      const channel = accept()
      socket.on('error', () => channel.close())
      channel.on('error', () => socket.destroy())
      channel.once('close', () => socket.destroy())
      socket.pipe(channel).pipe(socket)
    })
  })
}

function serveCommands(
  client: Connection,
  options: LocalSshServerOptions,
  runsDirectory: string,
  groups: ProcessGroups,
  lines: string[],
): void {
  client.on('session', (acceptSession) => {
    acceptSession().on('exec', (acceptCommand, _reject, { command }) => {
      const child = spawn('/bin/sh', ['-c', command], {
        cwd: options.directory ?? userInfo().homedir,
        env: { ...loginEnvironment(), SWITCHYARD_RUNS_DIR: runsDirectory, ...options.environment },
        detached: true,
        stdio: 'pipe',
      })
      groups.add(child)
      connect(acceptCommand(), child, lines)
    })
  })
}

function connect(channel: ServerChannel, child: ChildProcess, lines: string[]): void {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('the command has no pipes')
  // A command need not read its input to the end.
  stdin.on('error', () => undefined)
  channel.on('error', (error: Error) => lines.push(`channel: ${error.message}`))
  channel.pipe(stdin)
  stdout.pipe(channel, { end: false })
  stderr.pipe(channel.stderr, { end: false })
  child.once('error', (error) => {
    lines.push(`command: ${error.message}`)
    channel.exit(127)
    channel.end()
  })
  child.once('close', (code, signal) => {
    if (signal !== null) channel.exit(signal)
    else channel.exit(code ?? 255)
    channel.end()
  })
  channel.once('close', () => {
    for (const pipe of [stdin, stdout, stderr]) pipe.destroy()
  })
}

function loginEnvironment(): Record<string, string> {
  const { username, homedir, shell } = userInfo()
  return {
    HOME: homedir,
    USER: username,
    SHELL: shell ?? '/bin/sh',
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  }
}

/** The process groups of commands that may still be alive. */
class ProcessGroups {
  readonly #groups = new Set<number>()

  add(child: ChildProcess): void {
    const { pid } = child
    if (pid === undefined) return
    this.#groups.add(pid)
    // A group outlives its leader when the command leaves something behind.
    child.once('exit', () => {
      if (!signalGroup(pid, 0)) this.#groups.delete(pid)
    })
  }

  killAll(): void {
    for (const group of this.#groups) signalGroup(group, 'SIGKILL')
  }
}

/** Runs leave their session for one of their own; what has not ended is found by the folders that they left. */
async function killRuns(directory: string): Promise<void> {
  for (const id of await readdir(directory).catch(() => [])) {
    const run = join(directory, id)
    const hasEnded = await readFile(join(run, 'exit')).catch(() => null)
    if (hasEnded !== null) continue
    const [, supervisor = ''] = (await readFile(join(run, 'life'), 'utf8').catch(() => '')).split('\n')
    const pids = [supervisor, await readFile(join(run, 'pgid'), 'utf8').catch(() => '')]
    for (const group of pids.map(Number)) if (group > 1) signalGroup(group, 'SIGKILL')
  }
}

/** False when the group is gone. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false
  }
}

import { NodeSSH } from 'node-ssh'
import { wrapClient, type Connection, type Way } from './connection.ts'
import { loadCredentials, type CredentialOptions, type Credentials } from './credentials.ts'
import { describeHostKey, isSameFingerprint, type HostKey } from './host-key.ts'
import { passwordLogin } from './password-login.ts'
import type { DialFailure, DialResult, SshTarget } from './target.ts'
import { openWay } from './way.ts'

export interface DialOptions extends CredentialOptions {
  /** For each hop. */
  readonly dialTimeoutSeconds: number
  /** A silent host is asked for a sign of life this often, … */
  readonly keepaliveSeconds: number
  /** … and given up after this many unanswered questions. */
  readonly keepaliveMisses: number
  readonly channelOpenSeconds: number
}

interface Dialed {
  readonly connection: Connection
  readonly hostKey: HostKey
}

/** Connects, through its jump hosts, verifies each host key, then authenticates. When it fails no socket, timer or listener is left. */
export async function dial(
  target: SshTarget,
  options: DialOptions,
  signal: AbortSignal,
): Promise<DialResult<Dialed>> {
  const loaded = await loadCredentials(target, options)
  if (!loaded.ok) return loaded
  const opened = await openWay(target, (jump) => dial(jump, options, signal), signal)
  if (signal.aborted) {
    if (opened.ok) opened.value.destroy()
    return { ok: false, failure: cancelled(target) }
  }
  if (!opened.ok) return opened
  const way = opened.value
  const progress: Progress = { handshaken: false, hostKey: null, interruption: null }
  const interruption = new AbortController()
  const interrupt = (failure: DialFailure) => {
    progress.interruption ??= failure
    way.destroy()
    interruption.abort()
  }
  // A stream through a jump host that is gone tells nobody that it was destroyed.
  const interrupted = new Promise<never>((_resolve, reject) => {
    interruption.signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true })
  })
  const onAbort = () => interrupt(cancelled(target))
  const timer = setTimeout(() => interrupt(timedOut(target, options)), options.dialTimeoutSeconds * 1000)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const shaking = handshake(target, loaded.credentials, way, options, progress)
    const connection = await Promise.race([shaking, interrupted])
    return { ok: true, value: { connection, hostKey: progress.hostKey ?? unseenHostKey() } }
  } catch (error) {
    way.destroy()
    const failure = progress.interruption ?? explain(error, target, progress)
    const shown = progress.hostKey === null ? {} : { shownHostKeySha256: progress.hostKey.sha256 }
    return { ok: false, failure: { ...failure, ...shown } }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

interface Progress {
  handshaken: boolean
  hostKey: HostKey | null
  interruption: DialFailure | null
}

async function handshake(
  target: SshTarget,
  credentials: Credentials,
  way: Way,
  options: DialOptions,
  progress: Progress,
): Promise<Connection> {
  const ssh = new NodeSSH()
  const connecting = ssh.connect({
    sock: way.stream,
    username: target.user,
    ...authentication(credentials),
    hostVerifier: (key: Buffer) => {
      progress.hostKey = describeHostKey(key)
      return isSameFingerprint(progress.hostKey.sha256, target.hostKeySha256)
    },
    keepaliveInterval: options.keepaliveSeconds * 1000,
    keepaliveCountMax: options.keepaliveMisses,
    readyTimeout: 0,
  })
  const client = ssh.connection
  // node-ssh takes its own listener away when the connection is ready; a later ECONNRESET would then end the process.
  // The loss itself is seen through the close of the channels and of the client.
  client?.on('error', () => undefined)
  client?.once('handshake', () => (progress.handshaken = true))
  await connecting
  if (client === null) throw new Error('the connection closed as soon as it was ready')
  return wrapClient(client, way, options.channelOpenSeconds)
}

/** Naming the methods skips the usual first try with none, which some servers hold against their clients. */
function authentication(credentials: Credentials) {
  switch (credentials.kind) {
    case 'key': {
      const { privateKey, passphrase } = credentials
      return {
        privateKey,
        ...(passphrase === null ? {} : { passphrase }),
        authHandler: ['publickey' as const],
      }
    }
    case 'agent':
      return { agent: credentials.socketPath, authHandler: ['agent' as const] }
    case 'password':
      return passwordLogin(credentials.password)
  }
}

function explain(error: unknown, target: SshTarget, progress: Progress): DialFailure {
  const { message, level, code } = error as Partial<{ message: string; level: string; code: unknown }>
  const where = `${target.user}@${target.address}:${target.port}`
  const shown = progress.hostKey
  if (shown !== null && !isSameFingerprint(shown.sha256, target.hostKeySha256)) {
    return {
      kind: 'host_key_mismatch',
      message:
        `${target.address}:${target.port} showed the ${shown.type} host key ${shown.sha256}, ` +
        `but ${target.hostKeySha256} is configured; nothing was sent to it`,
    }
  }
  if (level === 'agent') {
    return { kind: 'agent_unavailable', message: `the ssh-agent did not help: ${String(message)}` }
  }
  // A numeric code is the reason of the server's own disconnect message, such as too many tries.
  if (level === 'client-authentication' || (progress.handshaken && typeof code === 'number')) {
    return {
      kind: 'authentication_failed',
      message: `${where} refused the ${target.passwordVariable == null ? 'key' : 'password'}: ${String(message)}`,
    }
  }
  return { kind: 'unreachable', message: `${where} cannot be reached: ${message ?? String(error)}` }
}

function cancelled(target: SshTarget): DialFailure {
  return { kind: 'cancelled', message: `dialling ${target.address}:${target.port} was cancelled` }
}

function timedOut(target: SshTarget, { dialTimeoutSeconds }: DialOptions): DialFailure {
  return {
    kind: 'timed_out',
    message: `${target.address}:${target.port} did not let us in within ${dialTimeoutSeconds} s`,
  }
}

function unseenHostKey(): never {
  throw new Error('the connection became ready without showing a host key')
}

import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import type { DialFailure, SshTarget } from './target.ts'

export type Credentials =
  | { readonly kind: 'key'; readonly privateKey: string; readonly passphrase: string | null }
  | { readonly kind: 'agent'; readonly socketPath: string }
  | { readonly kind: 'password'; readonly password: string }

export interface CredentialOptions {
  /** What SSH_AUTH_SOCK says; null when there is no ssh-agent. */
  readonly agentSocket: string | null
  /** Whether a host may be logged in to with a password at all. */
  readonly allowPasswords: boolean
  /** The value of a variable that a host names, passphrase or password. */
  readonly readVariable: (name: string) => string | undefined
}

type CredentialsResult =
  | { readonly ok: true; readonly credentials: Credentials }
  | { readonly ok: false; readonly failure: DialFailure }

/** Reads the target's password or private key, or finds the ssh-agent. */
export async function loadCredentials(
  target: SshTarget,
  options: CredentialOptions,
): Promise<CredentialsResult> {
  const { passwordVariable = null, privateKeyPath } = target
  if (passwordVariable !== null) return loadPassword(passwordVariable, options)
  if (privateKeyPath !== null) return loadKey(target, privateKeyPath, options)
  const { agentSocket } = options
  if (agentSocket !== null) return { ok: true, credentials: { kind: 'agent', socketPath: agentSocket } }
  return failed('agent_unavailable', 'no private key is configured and SSH_AUTH_SOCK names no ssh-agent')
}

function loadPassword(variable: string, options: CredentialOptions): CredentialsResult {
  if (!options.allowPasswords) {
    return failed(
      'password_refused',
      `the host is to be logged in to with the password in ${variable}, but passwords are not allowed: ` +
        'give it a key instead, or set SWITCHYARD_ALLOW_PASSWORDS=true for the dispatchers',
    )
  }
  const password = options.readVariable(variable)
  if (password !== undefined && password !== '')
    return { ok: true, credentials: { kind: 'password', password } }
  return failed(
    'password_refused',
    `${variable} is to hold the password, but the dispatcher's environment has no such variable`,
  )
}

async function loadKey(
  { privateKeyPassphraseVariable: variable = null }: SshTarget,
  path: string,
  { readVariable }: CredentialOptions,
): Promise<CredentialsResult> {
  const passphrase = variable === null ? null : (readVariable(variable) ?? '')
  if (passphrase === '') {
    return failed(
      'key_unreadable',
      `${String(variable)} is to hold the passphrase of ${path}, but the dispatcher's environment has no such variable`,
    )
  }
  try {
    const privateKey = await readFile(path, 'utf8')
    const parsed = ssh2.utils.parseKey(privateKey, passphrase ?? undefined)
    if (!(parsed instanceof Error)) return { ok: true, credentials: { kind: 'key', privateKey, passphrase } }
    return failed('key_unreadable', explainKey(path, variable, parsed))
  } catch (error) {
    return failed('key_unreadable', `the private key cannot be read: ${String(error)}`)
  }
}

// The library says so of an encrypted key without a passphrase, and of one that did not open it.
function explainKey(path: string, variable: string | null, { message }: Error): string {
  if (/no passphrase given/.test(message)) {
    return (
      `the private key ${path} is encrypted: name the environment variable with its passphrase ` +
      'in private_key_passphrase_variable'
    )
  }
  if (variable !== null && /bad passphrase|integrity check failed|bad decrypt/i.test(message))
    return `the passphrase in ${variable} does not open the private key ${path}`
  return `the private key ${path} cannot be used: ${message}`
}

function failed(kind: DialFailure['kind'], message: string): CredentialsResult {
  return { ok: false, failure: { kind, message } }
}

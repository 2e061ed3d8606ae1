import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import type { DialFailure, SshTarget } from './target.ts'

export type Credentials =
  | { readonly kind: 'key'; readonly privateKey: string }
  | { readonly kind: 'agent'; readonly socketPath: string }

type CredentialsResult =
  | { readonly ok: true; readonly credentials: Credentials }
  | { readonly ok: false; readonly failure: DialFailure }

/** Reads the target's private key, or finds the ssh-agent (`agentSocket` is what SSH_AUTH_SOCK says). */
export async function loadCredentials(
  target: SshTarget,
  agentSocket: string | null,
): Promise<CredentialsResult> {
  if (target.privateKeyPath === null) {
    if (agentSocket !== null) return { ok: true, credentials: { kind: 'agent', socketPath: agentSocket } }
    return failed('agent_unavailable', 'no private key is configured and SSH_AUTH_SOCK names no ssh-agent')
  }
  try {
    const privateKey = await readFile(target.privateKeyPath, 'utf8')
    const parsed = ssh2.utils.parseKey(privateKey)
    if (!(parsed instanceof Error)) return { ok: true, credentials: { kind: 'key', privateKey } }
    return failed(
      'key_unreadable',
      `the private key ${target.privateKeyPath} cannot be used: ${parsed.message}`,
    )
  } catch (error) {
    return failed('key_unreadable', `the private key cannot be read: ${String(error)}`)
  }
}

function failed(kind: DialFailure['kind'], message: string): CredentialsResult {
  return { ok: false, failure: { kind, message } }
}

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keptValue } from './kept-value.ts'

const SECRET_BYTES = 24

/** A secret and whether we made it: what the user gave is not shown on the terminal. */
export interface Secret {
  readonly value: string
  readonly generated: boolean
}

export interface Secrets {
  readonly adminToken: Secret
  readonly webhookSecret: Secret
}

/** Takes the secrets that were given, and makes the others once, in files of the data directory. */
export async function loadSecrets(
  dataDirectory: string,
  given: { adminToken?: string | undefined; webhookSecret?: string | undefined },
): Promise<Secrets> {
  return {
    adminToken: await load(given.adminToken, join(dataDirectory, 'admin-token')),
    webhookSecret: await load(given.webhookSecret, join(dataDirectory, 'webhook-secret')),
  }
}

async function load(given: string | undefined, path: string): Promise<Secret> {
  if (given !== undefined) return { value: given, generated: false }
  return { value: await keptValue(path, newSecret), generated: true }
}

/** 192 random bits in letters, digits, - and _, which need no quoting in shells, headers and URLs. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

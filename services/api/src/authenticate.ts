import { hash, randomBytes } from 'node:crypto'
import type { Role } from '@switchyard/contract'
import type { KnownAgent } from '@switchyard/store'
import type { AgentDirectory } from './agent-directory.ts'
import { Problem } from './problem.ts'

/** Who is calling, and as what. */
export type Principal =
  | { readonly role: 'admin' | 'coordinator'; readonly agent: null; readonly actor: string }
  | { readonly role: 'agent'; readonly agent: KnownAgent; readonly actor: string }

export type Authenticate = (authorization: string | undefined) => Promise<Principal>

/** Bearer tokens (RFC 6750) against the configured ones and those of the agents. Throws `unauthenticated`. */
export function createAuthenticator(
  agents: AgentDirectory,
  tokens: { readonly admin: readonly string[]; readonly coordinator: readonly string[] },
): Authenticate {
  const configured = new Map<string, Principal>([
    ...tokens.coordinator.map((token) => [digestOf(token), configuredPrincipal('coordinator')] as const),
    ...tokens.admin.map((token) => [digestOf(token), configuredPrincipal('admin')] as const),
  ])
  return async (authorization) => {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) {
      const missing = authorization === undefined
      throw unauthenticated(
        missing
          ? 'The request has no Authorization header.'
          : 'The Authorization header is not of the form “Bearer <token>”.',
      )
    }
    const digest = digestOf(token)
    const known = configured.get(digest)
    if (known !== undefined) return known
    const agent = await agents.byTokenDigest(digest)
    if (agent !== null) return { role: 'agent', agent, actor: `agent:${agent.id}` }
    throw unknownToken()
  }
}

/** The problem of a token that nobody has. */
export function unknownToken(): Problem {
  return unauthenticated('The token is not known: it is wrong, was replaced, or its agent was deleted.')
}

/** Throws `forbidden` unless the principal has one of the roles. */
export function requireRole(principal: Principal, roles: readonly Role[]): void {
  if (roles.includes(principal.role)) return
  throw new Problem(
    'forbidden',
    `The token has the role ${principal.role}, and the call is for ${roles.join(' and ')}.`,
    { allowed_roles: roles },
  )
}

/** What is stored of a token. */
export function hashToken(token: string): Buffer {
  return Buffer.from(digestOf(token), 'base64')
}

/**
 * What a token is looked up by: its SHA-256 in base64. How long a look-up takes may tell a stranger something about digests, which
 * does not lead to a token that has one; so nothing here has to take a constant time.
 */
function digestOf(token: string): string {
  return hash('sha256', token, 'base64')
}

/** A new agent token: 256 bits, with a prefix that secret scanners can know. */
export function createAgentToken(): string {
  return `swy_agent_${randomBytes(32).toString('base64url')}`
}

function configuredPrincipal(role: 'admin' | 'coordinator'): Principal {
  return { role, agent: null, actor: role }
}

function unauthenticated(happened: string): Problem {
  return new Problem('unauthenticated', happened, {}, { 'WWW-Authenticate': 'Bearer' })
}

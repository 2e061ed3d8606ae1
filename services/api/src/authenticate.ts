import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
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
  const configured = [
    ...tokens.admin.map((token) => ({ role: 'admin' as const, hash: hashToken(token) })),
    ...tokens.coordinator.map((token) => ({ role: 'coordinator' as const, hash: hashToken(token) })),
  ]
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
    const hash = hashToken(token)
    const known = configured.find((candidate) => timingSafeEqual(candidate.hash, hash))
    if (known !== undefined) return { role: known.role, agent: null, actor: known.role }
    const agent = await agents.byTokenHash(hash)
    if (agent?.tokenHash != null && timingSafeEqual(agent.tokenHash, hash)) {
      return { role: 'agent', agent, actor: `agent:${agent.id}` }
    }
    throw unauthenticated('The token is not known: it is wrong, was replaced, or its agent was deleted.')
  }
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

/** What is stored of a token, and what it is looked up by. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** A new agent token: 256 bits, with a prefix that secret scanners can know. */
export function createAgentToken(): string {
  return `swy_agent_${randomBytes(32).toString('base64url')}`
}

function unauthenticated(happened: string): Problem {
  return new Problem('unauthenticated', happened, {}, { 'WWW-Authenticate': 'Bearer' })
}

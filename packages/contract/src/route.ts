import type Type from 'typebox'
import type { ProblemCode } from './problems.ts'

export const ROLES = ['admin', 'coordinator', 'agent'] as const
export type Role = (typeof ROLES)[number]

/** The largest body: room for a prompt of one megabyte, escaped. Deliveries of a forge have a limit of their own. */
export const MOST_BODY_BYTES = 8 * 1_048_576
/** How deep lists and objects may stand in one another in a body. */
export const MOST_LEVELS = 100

export interface Answer {
  readonly description: string
  /** null: no body. */
  readonly schema: Type.TSchema | null
  readonly contentType?: string
  /** What it is instead for who asks for that by `Accept`. */
  readonly otherContentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One operation: all that is known of it before it runs. Validation, documentation and types come from here. */
export interface Route {
  readonly operationId: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With `{name}` for parameters, as OpenAPI writes it. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Who may call it; empty: anybody. */
  readonly roles: readonly Role[]
  readonly params?: Type.TSchema
  readonly query?: Type.TSchema
  readonly headers?: Type.TSchema
  readonly body?: Type.TSchema
  /** The request may come without a body, which is then `{}`. */
  readonly bodyOptional?: boolean
  /** A body that the handler reads itself, byte by byte: only described here. */
  readonly rawBody?: { readonly contentTypes: readonly string[]; readonly schema: Type.TSchema }
  readonly answers: Readonly<Record<number, Answer>>
  readonly problems: readonly ProblemCode[]
}

type StaticOr<T, Fallback> = T extends Type.TSchema ? Type.Static<T> : Fallback

/** The typed parts of a request that passed validation. */
export interface RouteInput<R extends Route> {
  readonly params: StaticOr<R['params'], Record<string, never>>
  readonly query: StaticOr<R['query'], Record<string, never>>
  readonly headers: StaticOr<R['headers'], Record<string, never>>
  readonly body: StaticOr<R['body'], undefined>
}

/** A reply whose body has the type that the route promises for its status. */
export type RouteReply<R extends Route> = {
  [S in keyof R['answers'] & number]: {
    readonly status: S
    readonly headers?: Readonly<Record<string, string>>
  } & (R['answers'][S] extends { readonly schema: infer T extends Type.TSchema }
    ? { readonly body: Type.Static<T> }
    : { readonly body?: undefined })
}[keyof R['answers'] & number]

/** Keeps the exact type of a route while checking that it is one. */
export function route<const R extends Route>(definition: R): R {
  return definition
}

import type { Operations } from '@switchyard/client'
import type { Role, Route } from '@switchyard/contract'
import { ROUTES } from '@switchyard/contract'

export type JsonSchema = Readonly<Record<string, unknown>>

/** What a tool works with besides its input. */
export interface ToolCall {
  /** Speaks to the API with the token of whoever calls. */
  readonly api: Operations
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** Whose token it is, when that is known and an agent. */
  readonly agentId: string | null
}

/** What a tool answers, and the next call to make. */
export interface ToolAnswer {
  readonly next: string
  readonly [member: string]: unknown
}

/**
 * What a call does to the queue. `reads`: nothing. `adds`: something new, or a step of a task that can be taken back. `ends`: it takes
 * work from somebody or ends a task.
 */
export type Effect = 'reads' | 'adds' | 'ends'

export interface Tool<Input = unknown> {
  readonly name: string
  readonly title: string
  /** For a model that has to choose among tools: what it does, when to call it. */
  readonly description: string
  /** The operation of the API behind it; who may call that may call the tool. */
  readonly operation: keyof typeof ROUTES
  readonly effect: Effect
  /** Calling it twice with the same input does no more than calling it once. */
  readonly repeatable: boolean
  /** The next call when nobody knows whether this one was carried out; for tools that are not repeatable. */
  readonly inDoubt?: string
  readonly input: JsonSchema
  readonly output: JsonSchema
  /** `input` has passed its schema. */
  run(input: Input, call: ToolCall): Promise<ToolAnswer>
}

/** Keeps the type of a tool's input while checking that it is a tool. */
export function tool<Input>(definition: Tool<Input>): Tool<Input> {
  return definition
}

/** The roles whose tokens the API accepts for a tool. */
export function rolesOf({ operation }: Tool): readonly Role[] {
  const route: Route = ROUTES[operation]
  return route.roles
}

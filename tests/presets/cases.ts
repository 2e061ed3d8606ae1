import type { Behaviour } from './model/behaviour.ts'

/** One thing that is tried with each agent, on each track. */
export interface Case {
  readonly name: string
  readonly behaviour: Behaviour
  /** How long the prompt is; short unless said. */
  readonly bytes?: number
  /** It is cancelled once the model was asked. */
  readonly cancel?: boolean
  /** What must become of the task; else it is only written down. */
  readonly expected?: 'succeeded' | 'failed' | 'cancelled'
  /** The result must be what a tool has left. */
  readonly byTool?: boolean
}

/** Run one after the other. */
export const CASES: readonly Case[] = [
  { name: 'answers', behaviour: 'answers', expected: 'succeeded' },
  { name: 'uses a tool', behaviour: 'uses_a_tool', expected: 'succeeded', byTool: true },
  { name: 'prompt of 1 MiB', behaviour: 'answers', bytes: 1_048_576 },
  { name: 'answers nothing', behaviour: 'answers_nothing' },
  { name: 'cancelled', behaviour: 'stays_silent', cancel: true, expected: 'cancelled' },
]

/** Mostly waiting, so they are run together. */
export const WAITING_CASES: readonly Case[] = [
  { name: 'refuses the key (401)', behaviour: 'refuses_the_key', expected: 'failed' },
  { name: 'too many requests (429)', behaviour: 'refuses_for_now', expected: 'failed' },
  { name: 'fails (500)', behaviour: 'fails', expected: 'failed' },
  { name: 'never answers', behaviour: 'stays_silent', expected: 'failed' },
]

/**
 * The track a task is executed on. `undecided` is a real value, not the absence of one: the dispatcher and the pulling
 * agents race for such a task, and whoever claims it decides.
 */
export const EXECUTION_MODES = ['undecided', 'ssh_cli', 'http_pull'] as const
export type ExecutionMode = (typeof EXECUTION_MODES)[number]

/** The two tracks something can really be executed on; also the mode of an agent. */
export const AGENT_MODES = ['ssh_cli', 'http_pull'] as const
export type AgentMode = (typeof AGENT_MODES)[number]

/** The mode of a task whose creator says nothing. */
export const DEFAULT_EXECUTION_MODE: ExecutionMode = 'undecided'

/** True when the text names a mode; the guard for data that comes from outside the schemas (files, environment). */
export function isExecutionMode(value: unknown): value is ExecutionMode {
  return EXECUTION_MODES.some((mode) => mode === value)
}

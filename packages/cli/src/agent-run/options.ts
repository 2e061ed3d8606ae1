/** What `switchyard agent run` was asked to do. */
export interface AgentRunOptions {
  readonly agentId: string
  /** undefined: those that the agent has. */
  readonly labels: readonly string[] | undefined
  readonly maxConcurrent: number
  readonly timeoutSeconds: number
  /** How long running commands may go on once the agent is to stop. */
  readonly drainSeconds: number
  readonly keepWork: boolean
  /** Get a new token for an agent that exists already. */
  readonly replaceToken: boolean
  /** With `{repository}` in it; undefined: tasks are worked on in an empty directory. */
  readonly repositoryUrl: string | undefined
  /** argv. */
  readonly command: readonly [string, ...string[]]
  /** What the command finds in its environment beside that of the agent. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute; the tokens and the run folders of this user's agents. */
  readonly stateDirectory: string
}

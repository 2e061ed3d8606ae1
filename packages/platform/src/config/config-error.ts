/** One variable that cannot be used, in words for the person who set it. */
export interface ConfigProblem {
  readonly variable: string
  readonly message: string
}

/** The environment cannot be used. The message lists every bad variable, one per line, and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, message }) => `  ${variable}: ${message}`)
    super(`The configuration cannot be used:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

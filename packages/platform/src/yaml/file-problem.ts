/** One mistake in a file that an operator wrote. Line and column count from 1. */
export interface FileProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** All mistakes as one text, a line each, in the form editors can jump to: `file:line:column: what is wrong`. */
export function describeProblems(file: string, problems: readonly FileProblem[]): string {
  const ordered = [...problems].sort((left, right) => left.line - right.line || left.column - right.column)
  return ordered.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n')
}

import picomatch from 'picomatch'

/** Patterns of which one must match; a pattern with `!` in front excludes, wherever it stands. */
export interface GlobList {
  readonly patterns: readonly string[]
  matches(value: string): boolean
}

/** Compiles the patterns once. Case is ignored, as forges ignore it in names; `*` does not cross a `/`, `**` does. */
export function compileGlobs(patterns: readonly string[]): GlobList {
  const options = { nocase: true, dot: true, nonegate: true }
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  const included = patterns.filter((pattern) => !pattern.startsWith('!'))
  const isExcluded = picomatch(excluded, options)
  const isIncluded = picomatch(included.length === 0 ? ['**'] : included, options)
  return {
    patterns,
    matches: (value) => isIncluded(value) && !isExcluded(value),
  }
}

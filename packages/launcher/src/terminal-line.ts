const SHOWN_LEVELS = new Set(['warn', 'error', 'fatal'])

/**
 * What of a service's output belongs on a calm terminal: warnings, errors, and whatever is not a log line (a crash's stack). Null for
 * the rest, which is in the log file.
 */
export function terminalLine(service: string, line: string): string | null {
  const entry = parse(line)
  if (entry === null) return line.trim() === '' ? null : `[${service}] ${line}`
  const level = String(entry['level'])
  if (!SHOWN_LEVELS.has(level)) return null
  const cause = [entry['error'], entry['err']].map(messageOf).find((message) => message !== '')
  return `[${service}] ${level}: ${textOf(entry['msg'])}${cause === undefined ? '' : `: ${cause}`}`
}

function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return textOf(error.message)
  return textOf(error)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

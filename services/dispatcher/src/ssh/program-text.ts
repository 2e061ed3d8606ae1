/** A command line that replaces the login shell, whichever it is, by a POSIX shell with this program and these texts. */
export function shellCommandLine(program: string, ...texts: string[]): string {
  return ['exec sh -c', quoted(program), 'switchyard', ...texts.map(quoted)].join(' ')
}

/** Joins the lines with spaces: some login shells allow no line feed between quotes. */
export function oneLine(program: string): string {
  return program.trim().replaceAll(/\s*\n\s*/g, ' ')
}

/** Makes each value one line that `printf %b` turns back. Refuse NUL first: no shell variable can hold it. */
export function encodeValues(values: readonly string[]): string {
  return values.map((value) => `${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`).join('')
}

/** Our programs contain no single quotes, so that nothing in them depends on the login shell's idea of quoting. */
function quoted(text: string): string {
  return `'${text}'`
}

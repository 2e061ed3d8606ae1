export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** Select Graphic Rendition: what begins a style and what ends it (ECMA-48, 8.3.117). */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const satisfies Record<keyof Style, readonly [number, number]>

/** Colours, or none: then every function gives back what it was given. */
export function createStyle(colours: boolean): Style {
  const paint = ([begin, end]: readonly [number, number]) => {
    return (text: string) => (colours && text !== '' ? `\u001b[${begin}m${text}\u001b[${end}m` : text)
  }
  return {
    bold: paint(CODES.bold),
    dim: paint(CODES.dim),
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    cyan: paint(CODES.cyan),
  }
}

/**
 * Whether to use colours: as the flag says, else never with NO_COLOR (https://no-color.org), always with FORCE_COLOR (0 is no), else
 * on a terminal that can show them.
 */
export function wantsColours(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  if (flag !== undefined) return flag
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

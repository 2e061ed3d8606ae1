import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { IDEMPOTENCY_KEY_PATTERN, PRESET_NAMES } from '@switchyard/core'

/** A whole number of at least `least`, as the value of an option. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${String(most)}`
      throw new InvalidArgumentError(`It must be a whole number of at least ${String(least)}${upTo}.`)
    }
    return value
  }
}

/** A text that can go into a header. */
export function idempotencyKey(text: string): string {
  if (new RegExp(IDEMPOTENCY_KEY_PATTERN).test(text)) return text
  throw new InvalidArgumentError('It must be 1 to 255 visible ASCII characters.')
}

/** How many entries a list shows when nobody says it. */
export const DEFAULT_LIST_LENGTH = 50

/** `a,b` and the option once more: all of them together. */
export function words(text: string, before: readonly string[] | undefined): string[] {
  const more = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  return [...(before ?? []), ...more]
}

/** An option whose value is a list of the given words, separated by commas. The server says which it does not know. */
export class ListOption<Flags extends string> extends Option<Flags> {
  constructor(flags: Flags, description: string, choices: readonly string[]) {
    super(flags, description)
    this.argChoices = [...choices]
  }
}

/** `--preset`: a coding agent that is known by name. */
export function presetOption(description: string) {
  return new Option('--preset <name>', description).choices(PRESET_NAMES)
}

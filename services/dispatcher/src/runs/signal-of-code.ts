import { constants } from 'node:os'

const NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** The signal that a shell's exit status stands for (128 + its number, POSIX XCU §2.8.2), or null. */
export function signalOfCode(code: number): string | null {
  return NAMES.get(code - 128) ?? null
}

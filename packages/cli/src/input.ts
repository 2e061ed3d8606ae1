import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Failure } from './failure.ts'
import type { World } from './world.ts'

/** The text of a file, or of standard input when it is called `-`. Throws Failure when there is none. */
export async function readAll(world: World, file: string, what: string): Promise<string> {
  if (file === '-') {
    if (world.stdin.isTTY === true) world.stderr.write(`Type ${what}, then Ctrl-D on a line of its own.\n`)
    return text(world.stdin)
  }
  return readFile(resolve(world.workingDirectory, file), 'utf8').catch((error: unknown) => {
    throw new Failure(
      'usage',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    )
  })
}

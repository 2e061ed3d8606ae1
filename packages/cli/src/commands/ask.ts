import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { World } from '../world.ts'

/** Asks on the terminal; whatever is not a clear yes is a no, and so is Ctrl-C or the end of input. */
export async function askYesOrNo({ stdin, stderr }: World, question: string): Promise<boolean> {
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      stderr.write(chunk.toString())
      done()
    },
  })
  const terminal = createInterface({ input: stdin, output, terminal: false })
  const given = new Promise<string>((resolve) => {
    terminal.once('line', resolve)
    terminal.once('close', () => resolve(''))
    // Without a listener the signal would end the process, before what was begun is undone.
    process.once('SIGINT', () => terminal.close())
  })
  stderr.write(`${question} [y/N] `)
  const answer = await given
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}

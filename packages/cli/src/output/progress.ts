import type { World } from '../world.ts'

const SHOWN_AFTER_MILLISECONDS = 1_000
const TURN_MILLISECONDS = 200
const TURNS = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇']
const ERASE_LINE = '\r\u001b[K'

/** Says on a terminal that something goes on, once it has taken longer than a second. `what` is text of our own or of the command line. */
export async function withProgress<T>({ stderr }: World, what: string, work: () => Promise<T>): Promise<T> {
  if (stderr.isTTY !== true) return work()
  let turn = 0
  const timer = setInterval(() => {
    turn += 1
    if (turn * TURN_MILLISECONDS < SHOWN_AFTER_MILLISECONDS) return
    const seconds = Math.floor((turn * TURN_MILLISECONDS) / 1_000)
    stderr.write(`${ERASE_LINE}${TURNS[turn % TURNS.length] ?? ''} ${what} (${String(seconds)} s)`)
  }, TURN_MILLISECONDS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (turn * TURN_MILLISECONDS >= SHOWN_AFTER_MILLISECONDS) stderr.write(ERASE_LINE)
  }
}

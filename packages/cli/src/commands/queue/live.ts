import { setTimeout as sleep } from 'node:timers/promises'
import { SwitchyardUnreachable, type Client } from '@switchyard/client'
import type { Output } from '../../output/output.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import type { World } from '../../world.ts'
import { FOLLOW_SECONDS } from '../follow.ts'
import { readQueueView, renderQueue } from './view.ts'

/** Also without news: ages grow. */
const REDRAW_MILLISECONDS = 2_000
/** Many things that happen at once are one picture. */
const GATHER_MILLISECONDS = 150

/** Private modes of xterm: the other screen, the cursor, and whether a line that is too long goes on in the next. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const ERASE_LINE_END = '\u001b[K'
const ERASE_BELOW = '\u001b[J'

/** What is around the table: counts, oldest, dispatchers, a blank line, the table's head, the line at the bottom. */
const OTHER_LINES = 7

/** Shows the queue on the whole terminal, until `q` or Ctrl-C. An API that is away is waited for. */
export async function watchQueue(world: World, url: string, api: Client, out: Output): Promise<void> {
  const { stdout } = world
  const over = new AbortController()
  const stop = listenForEnd(world, () => over.abort())
  const news = createBell()
  // It only rings; that it ended is seen by the reads as well.
  const following = followEvents(api, over.signal, news.ring)
  stdout.write(ENTER)
  try {
    while (!over.signal.aborted) {
      stdout.write(frame(await picture(world, url, api, out), stdout.rows))
      await Promise.race([
        news.next(),
        sleep(REDRAW_MILLISECONDS, undefined, { signal: over.signal }).catch(() => undefined),
      ])
      await sleep(GATHER_MILLISECONDS, undefined, { signal: over.signal }).catch(() => undefined)
    }
  } finally {
    stdout.write(LEAVE)
    stop()
    over.abort()
    await following
  }
}

async function picture(world: World, url: string, api: Client, out: Output): Promise<string> {
  const { rows } = world.stdout
  const head = out.style.dim(`${url}   ${new Date(world.now()).toISOString()}   q ends`)
  try {
    const view = await readQueueView(api, isKnown(rows) ? rows - OTHER_LINES : undefined)
    return `${head}\n${renderQueue(view, out, world.now())}`
  } catch (error) {
    if (!(error instanceof SwitchyardUnreachable)) throw error
    return `${head}\n${out.style.red(terminalLine(error.message))}\nIt is tried again.\n`
  }
}

/** Some terminals say that they have no rows at all. */
function isKnown(rows: number | undefined): rows is number {
  return rows !== undefined && rows > 0
}

/** A picture over the one before, without flicker. What does not fit is cut off: a terminal would scroll. */
function frame(text: string, rows: number | undefined): string {
  const all = text.trimEnd().split('\n')
  const lines = isKnown(rows) ? all.slice(0, rows) : all
  return HOME + lines.map((line) => line + ERASE_LINE_END).join('\r\n') + ERASE_BELOW
}

async function followEvents(api: Client, signal: AbortSignal, ring: () => void): Promise<void> {
  try {
    for await (const event of api.streamEvents({}, { signal, retrySeconds: FOLLOW_SECONDS }))
      if (event.cursor !== '') ring()
  } catch {
    // Without events the picture is still drawn anew every few seconds.
  }
}

function createBell(): { ring: () => void; next: () => Promise<void> } {
  let wake: () => void = () => undefined
  return { ring: () => wake(), next: () => new Promise((resolve) => (wake = resolve)) }
}

/** Calls `end` once for `q`, Ctrl-C or a signal. The terminal must be given back: call what is returned. */
function listenForEnd({ stdin }: World, end: () => void): () => void {
  const onKey = (key: Buffer): void => {
    if (['q', 'Q', '\u0003', '\u0004', '\u001b'].includes(key.toString())) end()
  }
  const isRaw = stdin.isTTY === true && stdin.setRawMode !== undefined
  if (isRaw) {
    stdin.setRawMode(true)
    stdin.on('data', onKey)
  }
  process.once('SIGINT', end).once('SIGTERM', end)
  return () => {
    process.off('SIGINT', end).off('SIGTERM', end)
    if (!isRaw) return
    stdin.off('data', onKey)
    stdin.setRawMode(false)
    stdin.pause()
  }
}

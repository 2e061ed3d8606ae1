import { Command } from '@commander-js/extra-typings'
import { createTerminalTextStream } from '../../output/terminal-text.ts'
import { withSession, type Session } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'
import { wholeNumber } from '../option-values.ts'
import { FOLLOW_SECONDS } from '../follow.ts'

interface Wanted {
  readonly task_id: string
  readonly attempt: number | undefined
  readonly offset: number
}

/** `switchyard tasks logs` */
export function taskLogs(world: World) {
  const command = new Command('logs')
    .description('Print what a task has written, or follow it as it writes.')
    .argument('<task>', 'its id')
    .option('-f, --follow', 'go on until the attempt has ended')
    .option('--attempt <number>', 'another attempt than the latest', wholeNumber(1))
    .option('--offset <bytes>', 'leave out what lies before', wholeNumber(0), 0)
    .addHelpText(
      'after',
      '\nOn a terminal, escape sequences are left out and other controls are made visible. Elsewhere the text is what was written.\nWith --json each piece is a document.',
    )
    .action((id, { follow = false, attempt, offset }) =>
      withSession(world, command, (session) => {
        const wanted = { task_id: id, attempt, offset }
        return follow ? followLog(session, wanted) : printLog(session, wanted)
      }),
    )
  return withExamples(
    command,
    'tasks logs 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c',
    'tasks logs -f 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c',
  )
}

async function printLog({ api, out }: Session, wanted: Wanted): Promise<void> {
  const printer = createPrinter(out)
  let { offset, attempt } = wanted
  for (;;) {
    const piece = await api.getTaskLogs({ task_id: wanted.task_id, offset, attempt })
    if (out.isJson) out.json(piece)
    else printer.print(piece.text)
    if (piece.complete || piece.next_offset <= offset) break
    offset = piece.next_offset
    // The attempt that was begun with is read to its end, also when another one begins meanwhile.
    attempt ??= piece.attempt === 0 ? undefined : piece.attempt
  }
  printer.end()
}

async function followLog({ api, out }: Session, wanted: Wanted): Promise<void> {
  const printer = createPrinter(out)
  for await (const piece of api.followTaskLogs(wanted, { retrySeconds: FOLLOW_SECONDS })) {
    if (out.isJson) out.json(piece)
    else if (piece.kind === 'text') printer.print(piece.text)
    else {
      printer.end()
      if (out.isTerminal) {
        const cut = piece.cut ? `, of which ${String(piece.stored_bytes)} are kept` : ''
        out.note(
          out.style.dim(
            `Attempt ${String(piece.attempt)} has ended after ${String(piece.produced_bytes)} bytes${cut}.`,
          ),
        )
      }
    }
  }
}

/** Text of strangers is made harmless for a terminal; a file or a pipe gets it as it is. */
function createPrinter(out: Session['out']): { print(text: string): void; end(): void } {
  if (!out.isTerminal) return { print: (text) => out.write(text), end: () => undefined }
  const harmless = createTerminalTextStream()
  return { print: (text) => out.write(harmless.write(text)), end: () => out.write(harmless.end()) }
}

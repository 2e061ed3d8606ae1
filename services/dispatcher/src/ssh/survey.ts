import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { within } from './deadline.ts'
import type { RunTiming } from './launch.ts'
import { RemoteDialogue } from './remote-dialogue.ts'
import type { RunFolder } from './run-folder.ts'
import { encodeSurvey, SURVEY, SURVEY_COMMAND_LINE } from './survey-program.ts'

/** What there is to know about a host. Null: it did not say. */
export interface Survey {
  /** The host's clock minus ours, in whole seconds; 0 when the two may agree. */
  readonly clockSkewSeconds: number | null
  /** On the file system of the run folders. */
  readonly freeDiskBytes: number | null
  readonly user: string | null
  /** Name, release and machine, as uname says them. */
  readonly system: string | null
}

/** Looks around on the host, and removes a trial run's folder. Null when the host did not answer. Never rejects. */
export async function survey(
  connection: Pick<Connection, 'execute'>,
  folder: RunFolder,
  { startSeconds }: Pick<RunTiming, 'startSeconds'>,
): Promise<Survey | null> {
  const opened = await connection.execute(SURVEY_COMMAND_LINE)
  if (!opened.ok) return null
  const nonce = randomUUID()
  const dialogue = new RemoteDialogue(opened.channel, nonce, () => Promise.resolve())
  const asked = Date.now()
  dialogue.write(encodeSurvey(nonce, folder))
  const said = new Map<string, string>()
  let answered: number | null = null
  for (;;) {
    const line = await within(startSeconds * 1000, dialogue.next())
    answered ??= Date.now()
    if (line === null || line === 'late' || line === SURVEY.done) break
    const space = line.indexOf(' ')
    said.set(line.slice(0, space), line.slice(space + 1))
  }
  await dialogue.closeInPeace()
  if (said.size === 0) return null
  const time = number(said.get(SURVEY.clock))
  const free = number(said.get(SURVEY.disk))
  return {
    clockSkewSeconds: time === null ? null : clockSkewSeconds(time, asked, answered),
    freeDiskBytes: free === null ? null : free * 1024,
    user: said.get(SURVEY.user) || null,
    system: said.get(SURVEY.system) || null,
  }
}

/**
 * How far a clock that said whole seconds is ahead of ours, when it was asked and answered at these times in milliseconds. It
 * read its time somewhere between the two, and cut up to a second off it.
 */
export function clockSkewSeconds(time: number, asked: number, answered: number): number {
  const earliest = time * 1000
  const latest = earliest + 1000
  if (earliest <= answered && latest >= asked) return 0
  return Math.round(((earliest + latest) / 2 - (asked + answered) / 2) / 1000)
}

function number(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { within } from './deadline.ts'
import { encodeKill, KILL, KILL_COMMAND_LINE } from './kill-program.ts'
import type { RunTiming } from './launch.ts'
import { RemoteDialogue } from './remote-dialogue.ts'
import type { KillResult } from './results.ts'
import type { RunFolder } from './run-folder.ts'

/**
 * Ends every process of a run's group, and of the session that it leads: SIGTERM, a grace, SIGKILL, until none is left. A
 * process that began a session of its own is out of reach. The host does it to the end even when we are cut off.
 * Never rejects.
 */
export async function kill(
  connection: Pick<Connection, 'execute'>,
  folder: RunFolder,
  timing: RunTiming,
): Promise<KillResult> {
  const opened = await connection.execute(KILL_COMMAND_LINE)
  if (!opened.ok) return { kind: 'cut', message: `no channel to end the run: ${opened.message}` }
  const nonce = randomUUID()
  const dialogue = new RemoteDialogue(opened.channel, nonce, () => Promise.resolve())
  dialogue.write(encodeKill(nonce, folder, timing.killGraceSeconds, timing.killDeadlineSeconds))
  const seconds = timing.startSeconds + timing.killGraceSeconds + timing.killDeadlineSeconds
  const line = await within(seconds * 1000, dialogue.next())
  if (line === 'late') dialogue.close()
  else await dialogue.closeInPeace()
  if (line === KILL.gone) return { kind: 'gone' }
  if (line?.startsWith(KILL.alive) === true)
    return { kind: 'alive', message: line.slice(KILL.alive.length + 1) }
  return { kind: 'cut', message: 'the host no longer answered whether the run is gone' }
}

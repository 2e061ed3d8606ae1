import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { encodeNonce, LAUNCH_COMMAND_LINE } from './launch-program.ts'
import { RemoteDialogue } from './remote-dialogue.ts'

export type LaunchChannelResult =
  { readonly ok: true; readonly channel: RemoteDialogue } | { readonly ok: false; readonly message: string }

/** Opens a channel in which the program that starts runs waits to be told which one. Never rejects. */
export async function openLaunchChannel(
  connection: Pick<Connection, 'execute'>,
): Promise<LaunchChannelResult> {
  const opened = await connection.execute(LAUNCH_COMMAND_LINE)
  if (!opened.ok) return opened
  const nonce = randomUUID()
  const dialogue = new RemoteDialogue(opened.channel, nonce, () => Promise.resolve())
  dialogue.write(encodeNonce(nonce))
  return { ok: true, channel: dialogue }
}

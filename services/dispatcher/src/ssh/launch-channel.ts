import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { LAUNCH_COMMAND_LINE } from './launch-program.ts'
import { RemoteDialogue } from './remote-dialogue.ts'

/** A channel in which the program that starts runs waits to be told which one. */
export interface LaunchChannel {
  readonly dialogue: RemoteDialogue
  readonly nonce: string
}

export type LaunchChannelResult =
  { readonly ok: true; readonly channel: LaunchChannel } | { readonly ok: false; readonly message: string }

/** Never rejects. */
export async function openLaunchChannel(
  connection: Pick<Connection, 'execute'>,
): Promise<LaunchChannelResult> {
  const opened = await connection.execute(LAUNCH_COMMAND_LINE)
  if (!opened.ok) return opened
  const nonce = randomUUID()
  const dialogue = new RemoteDialogue(opened.channel, nonce, () => Promise.resolve())
  return { ok: true, channel: { dialogue, nonce } }
}

import { connect as connectSocket } from 'node:net'
import type { Connection, Way } from './connection.ts'
import type { DialFailure, DialResult, SshTarget } from './target.ts'

type DialJump = (target: SshTarget) => Promise<DialResult<{ readonly connection: Connection }>>

/**
 * Opens the way to a target: a socket, or a channel that its jump host forwards. A jump host is dialled for each connection
 * beyond it and goes with it, so that none of them depends on the others. A failure names the hop.
 */
export async function openWay(
  target: SshTarget,
  dialJump: DialJump,
  signal: AbortSignal,
): Promise<DialResult<Way>> {
  const { address, port, proxyJump = null } = target
  if (proxyJump === null) {
    const socket = connectSocket({ host: address, port, noDelay: true })
    return { ok: true, value: { stream: socket, destroy: () => socket.destroy() } }
  }
  const jump = await dialJump(proxyJump)
  if (!jump.ok) return { ok: false, failure: failureOfJump(proxyJump, jump.failure) }
  const { connection } = jump.value
  const forwarded = await connection.forward(address, port, signal)
  if (!forwarded.ok) {
    connection.end()
    const message = `the jump host ${proxyJump.id} does not reach ${address}:${port}: ${forwarded.message}`
    return { ok: false, failure: { kind: 'unreachable', message, hop: proxyJump.id } }
  }
  const { channel } = forwarded
  channel.once('close', () => connection.end())
  return {
    ok: true,
    value: {
      stream: channel,
      destroy() {
        channel.destroy()
        // A jump host that is gone never closes the channel.
        connection.end()
      },
    },
  }
}

/** The key that the jump host showed is none of the target's. */
function failureOfJump({ id }: SshTarget, { kind, message, hop = id }: DialFailure): DialFailure {
  return { kind, message: `the jump host ${id} failed: ${message}`, hop }
}

import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export interface Connections {
  /** Ends the connections without a request under way now, and each other one after its answer. */
  end(): void
}

/**
 * Knows which connections of a server are at work. Node's closeIdleConnections does not see connections on which no request
 * ever came, as browsers open them in advance, nor those that become idle later: either would hold up a stop.
 */
export function trackConnections(server: Server): Connections {
  const underWay = new Map<Socket, number>()
  let ending = false

  function settle(socket: Socket, change: 1 | -1): void {
    const requests = (underWay.get(socket) ?? 0) + change
    if (underWay.has(socket)) underWay.set(socket, requests)
    if (ending && requests <= 0) socket.destroySoon()
  }

  server.on('connection', (socket) => {
    underWay.set(socket, 0)
    socket.once('close', () => underWay.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    settle(socket, 1)
    response.once('close', () => settle(socket, -1))
  })
  return {
    end() {
      ending = true
      for (const [socket, requests] of underWay) if (requests <= 0) socket.destroySoon()
    },
  }
}

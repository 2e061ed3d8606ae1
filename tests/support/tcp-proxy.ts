import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** How many connections go through it now. */
  connections(): number
  /** Resets every connection, as a router does that forgot about it. */
  cut(): void
  /** Cuts, and lets nobody through until it is opened again: what is behind the proxy seems to be away. */
  close(): void
  open(): void
  stop(): Promise<void>
}

/** A proxy on the loopback interface in front of `port`, to break connections with. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  }
  let closed = false
  const server = createServer((incoming) => {
    if (closed) {
      incoming.on('error', () => undefined).resetAndDestroy()
      return
    }
    const outgoing = connect(port, '127.0.0.1')
    keep(incoming)
    keep(outgoing)
    incoming.pipe(outgoing).pipe(incoming)
    incoming.once('close', () => outgoing.destroy())
    outgoing.once('close', () => incoming.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size / 2,
    cut,
    close() {
      closed = true
      cut()
    },
    open: () => void (closed = false),
    async stop() {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}

import { createServer, type AddressInfo } from 'node:net'

/** Whether a server could listen on this port now. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await tryPort(host, port)) !== null
}

/** A port that is free now. Somebody else may take it before its user does: be ready to ask again. */
export async function findFreePort(host: string): Promise<number> {
  const port = await tryPort(host, 0)
  if (port === null) throw new Error(`No port is free on ${host}`)
  return port
}

/** The first free port from `first` on. */
export async function nextFreePort(host: string, first: number): Promise<number> {
  for (let port = first; port <= 65_535; port += 1) if (await isPortFree(host, port)) return port
  return findFreePort(host)
}

function tryPort(host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    server.listen({ host, port, exclusive: true }, () => {
      const taken = (server.address() as AddressInfo).port
      server.close(() => resolve(taken))
    })
  })
}

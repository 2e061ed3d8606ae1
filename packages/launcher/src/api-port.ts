import { findFreePort, isPortFree, nextFreePort } from './free-port.ts'

const DEFAULT_PORT = 8080

/** The API's port: as asked for, or else 8080 or the next one that is free. Throws when the one asked for is taken. */
export async function chooseApiPort(
  host: string,
  wanted: number | undefined,
  print: (text: string) => void,
): Promise<number> {
  if (wanted === 0) return findFreePort(host)
  if (wanted !== undefined) {
    if (await isPortFree(host, wanted)) return wanted
    throw new Error(`Port ${wanted} on ${host} is taken by another program. Set PORT to another one.`)
  }
  const port = await nextFreePort(host, DEFAULT_PORT)
  if (port !== DEFAULT_PORT) print(`Port ${DEFAULT_PORT} is taken, using ${port}. Set PORT to choose one.\n`)
  return port
}

import { copyFile, rename, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { startLocalSshServer } from '../../demo/ssh-server.ts'

/** Where the machine that runs the check, the dispatchers and the SSH hosts find each other's files. */
const SHARED_DIRECTORY = '/check'
const PORT = 2222

/** A machine with an SSH server, for a container: lets in one key and says in a file which one, and how to reach it. */
async function main(): Promise<void> {
  const id = process.env['HOST_ID'] ?? 'host'
  const server = await startLocalSshServer()
  // The server itself listens on the loopback interface only.
  createServer((outside) => {
    const inside = connect(server.port, server.address)
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      socket.on('error', () => other.destroy())
      socket.on('close', () => other.destroy())
      socket.pipe(other)
    }
  }).listen(PORT, '0.0.0.0')

  await copyFile(server.privateKeyPath, `${SHARED_DIRECTORY}/${id}.key`)
  const facts = { address: id, port: PORT, user: server.user, host_key_sha256: server.hostKeySha256 }
  // Renamed into place: whoever sees the file sees all of it.
  await writeFile(`${SHARED_DIRECTORY}/${id}.json.new`, JSON.stringify(facts))
  await rename(`${SHARED_DIRECTORY}/${id}.json.new`, `${SHARED_DIRECTORY}/${id}.json`)
  process.once('SIGTERM', () => void server.stop().finally(() => process.exit()))
}

await main()

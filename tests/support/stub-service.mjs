// Stands in for a service under the launcher: answers every request with 200, ends on SIGTERM and when its parent is gone.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  if (request.url === '/crash') throw new Error('the stub was asked to crash')
  response.end(JSON.stringify({ pid: process.pid, database: process.env.DATABASE_URL }))
})

function end() {
  server.close()
  server.closeAllConnections()
  if (process.connected) process.disconnect()
}

process.once('SIGTERM', end)
process.once('disconnect', end)
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`stub ${process.pid} listens`))

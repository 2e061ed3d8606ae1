import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { anthropic } from './anthropic.ts'
import { BEHAVIOURS, replyTo, type Behaviour } from './behaviour.ts'
import { gemini } from './gemini.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { writeJson, type Json } from './protocol.ts'

const PROTOCOLS = [anthropic, openaiResponses, openaiChat, gemini]

/** What the stub has seen of one prompt. */
export interface Seen {
  readonly requests: number
  /** The end of the prompt has arrived as well. */
  readonly whole: boolean
}

export interface ModelServer {
  readonly url: string
  seen(run: string): Seen
  stop(): Promise<void>
}

/** A prompt that asks the stub to behave so; `bytes` long when that is said. */
export function promptFor(behaviour: Behaviour, run: string, bytes = 0): string {
  const start = `Do what the task says. [stub ${behaviour} ${run}]\n`
  const end = `[end of ${run}]`
  return `${start}${'word '.repeat(Math.max(0, bytes - start.length - end.length) / 5)}${end}`
}

/** Starts a server on loopback that speaks as much of four APIs as the coding agents use. */
export async function startModelServer(log: (line: string) => void): Promise<ModelServer> {
  const runs = new Map<string, Seen>()
  const server = createServer((request, response) => void answer(request, response, runs, log))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen: (run) => runs.get(run) ?? { requests: 0, whole: false },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  runs: Map<string, Seen>,
  log: (line: string) => void,
): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*/, '')
  const written = await text(request).catch(() => '')
  const [, behaviour = 'answers', run = ''] = /\[stub (\w+) ([\w-]+)\]/.exec(written) ?? []
  const protocol = PROTOCOLS.find((each) => each.fits(path))
  log(`${request.method ?? ''} ${path} ${behaviour} ${run} ${written.length} bytes`)
  if (protocol === undefined || !isBehaviour(behaviour)) {
    writeJson(response, 404, { error: 'unknown' })
    return
  }
  const before = runs.get(run) ?? { requests: 0, whole: false }
  runs.set(run, {
    requests: before.requests + 1,
    whole: before.whole || written.includes(`[end of ${run}]`),
  })
  const body = JSON.parse(written) as Json
  const reply = replyTo(behaviour, protocol.read(body))
  if (reply.kind === 'silence') return
  if (reply.kind === 'status') {
    const error = { type: 'stub', code: reply.status, message: `The stub says ${reply.status}.` }
    writeJson(response, reply.status, { type: 'error', error })
    return
  }
  protocol.write(response, reply, { path, body })
}

function isBehaviour(name: string): name is Behaviour {
  return BEHAVIOURS.some((each) => each === name)
}

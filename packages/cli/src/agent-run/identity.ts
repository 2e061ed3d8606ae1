import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, isProblem, type Client } from '@switchyard/client'
import { Failure } from '../failure.ts'
import { readSecretFile } from '../settings/secret-file.ts'
import type { Settings } from '../settings/settings.ts'
import type { AgentRunOptions } from './options.ts'

/** How long a start waits for a server that is just being started too. */
const START_SECONDS = 60

/**
 * The client with the token of the agent itself: the one that was kept, else that of a registration made now, else the one that was
 * given, when that is an agent's. Throws Failure when there is none.
 */
export async function clientOfAgent(settings: Settings, options: AgentRunOptions): Promise<Client> {
  const file = tokenFileOf(settings.url, options)
  const kept = await readSecretFile(file).catch((error: unknown) => {
    // Not there; whatever else is wrong with it must not end in a second registration.
    if (error instanceof Failure && error.message.includes('ENOENT')) return null
    throw error
  })
  if (kept !== null && !options.replaceToken) {
    const client = clientWith(settings.url, kept)
    if (await isStillValid(client, options.agentId)) {
      await relabel(client, settings, options)
      return client
    }
  }
  const token = await register(settings, options)
  if (token === null) return clientWith(settings.url, settings.token)
  await keepToken(file, token)
  return clientWith(settings.url, token)
}

function clientWith(baseUrl: string, token: string | null): Client {
  return createClient({ baseUrl, token: token ?? undefined, retrySeconds: START_SECONDS })
}

/** Of one agent on one server. */
function tokenFileOf(url: string, { agentId, stateDirectory }: AgentRunOptions): string {
  const server = createHash('sha256').update(url).digest('hex').slice(0, 12)
  return join(stateDirectory, 'agents', `${agentId}.${server}.token`)
}

async function keepToken(file: string, token: string): Promise<void> {
  const draft = `${file}.${String(process.pid)}`
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
  await writeFile(draft, `${token}\n`, { mode: 0o600 })
  await rename(draft, file)
}

async function isStillValid(client: Client, agentId: string): Promise<boolean> {
  try {
    await client.getAgent({ agent_id: agentId })
    return true
  } catch (error) {
    if (isProblem(error, 'unauthenticated', 'agent_not_found')) return false
    throw error
  }
}

/** The token of an agent that is registered now; null: the given token is already an agent's. */
async function register(settings: Settings, options: AgentRunOptions): Promise<string | null> {
  const { agentId, labels } = options
  const client = clientWith(settings.url, settings.token)
  if (settings.token === null) {
    throw new Failure(
      'notAllowed',
      `The agent ${agentId} has no token yet.`,
      'Give a token that may register it, or its own: SWITCHYARD_TOKEN, --token-file. It is needed once; the agent keeps its own.',
    )
  }
  try {
    // How many at once is ours to keep, and may be another number at the next start; the server's own limit is the coordinator's.
    return (await client.registerAgent({ id: agentId, labels })).token
  } catch (error) {
    if (isProblem(error, 'forbidden')) {
      await client.getAgent({ agent_id: agentId })
      return null
    }
    if (!isProblem(error, 'agent_exists')) throw error
    if (!options.replaceToken) {
      throw new Failure(
        'conflict',
        `There is an agent ${agentId} already, and its token is not kept on this machine.`,
        'Choose another --id, give its own token, or take it over with --replace-token: who uses the old token then stops.',
      )
    }
    const { token } = await client.replaceAgentToken({ agent_id: agentId })
    if (labels !== undefined) await client.updateAgent({ agent_id: agentId, labels })
    return token
  }
}

/** An agent may not change itself: labels that are new need the token of somebody who may. */
async function relabel(own: Client, settings: Settings, { agentId, labels }: AgentRunOptions): Promise<void> {
  if (labels === undefined) return
  const spelled = [...new Set(labels.map((label) => label.toLowerCase()))].sort()
  const present = (await own.getAgent({ agent_id: agentId })).labels
  if (spelled.join() === [...present].sort().join()) return
  try {
    await clientWith(settings.url, settings.token).updateAgent({ agent_id: agentId, labels })
  } catch (error) {
    if (!isProblem(error, 'forbidden', 'unauthenticated')) throw error
    throw new Failure(
      'notAllowed',
      `The agent ${agentId} offers ${present.join(', ') || 'no labels'}, and its own token may not change that.`,
      'Leave --labels out, or give a token of a coordinator with them.',
    )
  }
}

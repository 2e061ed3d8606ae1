import { findAgents, findAgentsByTokenHashes, isDatabaseUnavailable, markAgentsSeen } from '@switchyard/store'
import type { KnownAgent, Pool } from '@switchyard/store'
import { createBatcher } from './batcher.ts'

/** How long what was read of an agent is believed: what another process changed is in force after this at the latest. */
const BELIEVED_MILLISECONDS = 1_000
/** The agents that are remembered; who asked longest ago is forgotten first. */
const MOST_REMEMBERED = 50_000
const LARGEST_LOOKUP = 500
const LOOKUPS_UNDER_WAY = 2

/** What this process knows of the agents: at most a second old, and never older than its own changes. */
export interface AgentDirectory {
  /** Whose token has this SHA-256 (in base64), or null. Notes that the agent was seen. */
  byTokenDigest(digest: string): Promise<KnownAgent | null>
  /** The agent or host with this id, or null. */
  byId(id: string): Promise<KnownAgent | null>
  /** Its row was changed by this process: what was read before is not believed any more. */
  forget(id: string): void
}

interface Remembered {
  readonly agent: KnownAgent
  readonly readAt: number
}

/** `elapsed` is a clock in milliseconds that never goes back. */
export function createAgentDirectory(
  pool: Pool,
  elapsed: () => number = () => performance.now(),
): AgentDirectory {
  const remembered = new Map<string, Remembered>()
  const idsByDigest = new Map<string, string>()
  /** Grows with every change of this process: a lookup that began before one may have read the old row. */
  let changes = 0

  const lookUp = <Key>(
    find: (keys: readonly Key[]) => Promise<KnownAgent[]>,
    keyOf: (agent: KnownAgent) => Key,
  ) =>
    createBatcher<Key, KnownAgent | null>({
      async run(keys) {
        const began = elapsed()
        const changesBefore = changes
        const agents = await find(keys)
        if (changes === changesBefore) for (const agent of agents) remember(agent, began)
        const found = new Map(agents.map((agent) => [keyOf(agent), agent]))
        return keys.map((key) => found.get(key) ?? null)
      },
      largestBatch: LARGEST_LOOKUP,
      mostUnderWay: LOOKUPS_UNDER_WAY,
      isOutage: isDatabaseUnavailable,
    })
  const lookUpId = lookUp(
    (ids: readonly string[]) => findAgents(pool, ids),
    ({ id }) => id,
  )
  const lookUpToken = lookUp(
    (digests: readonly string[]) =>
      findAgentsByTokenHashes(
        pool,
        digests.map((digest) => Buffer.from(digest, 'base64')),
      ),
    (agent) => digestOf(agent) ?? '',
  )
  const notes = createBatcher<string, null>({
    async run(ids) {
      await markAgentsSeen(pool, ids)
      return ids.map(() => null)
    },
    largestBatch: LARGEST_LOOKUP,
    mostUnderWay: 1,
    isOutage: isDatabaseUnavailable,
  })

  function remember(agent: KnownAgent, readAt: number): void {
    drop(agent.id)
    const digest = digestOf(agent)
    remembered.set(agent.id, { agent, readAt })
    if (digest !== null) idsByDigest.set(digest, agent.id)
    for (const id of remembered.keys()) {
      if (remembered.size <= MOST_REMEMBERED) break
      drop(id)
    }
  }

  function drop(id: string): void {
    const known = remembered.get(id)
    if (known === undefined) return
    idsByDigest.delete(digestOf(known.agent) ?? '')
    remembered.delete(id)
  }

  function believed(id: string | undefined): KnownAgent | null {
    const known = id === undefined ? undefined : remembered.get(id)
    return known !== undefined && elapsed() - known.readAt < BELIEVED_MILLISECONDS ? known.agent : null
  }

  return {
    async byTokenDigest(digest) {
      const known = believed(idsByDigest.get(digest))
      if (known !== null) return known
      const agent = await lookUpToken.ask(digest)
      if (agent?.seenLongAgo === true) await notes.ask(agent.id)
      return agent
    },
    byId(id) {
      const known = believed(id)
      return known === null ? lookUpId.ask(id) : Promise.resolve(known)
    },
    forget(id) {
      changes += 1
      drop(id)
    },
  }
}

function digestOf({ tokenHash }: KnownAgent): string | null {
  return tokenHash?.toString('base64') ?? null
}

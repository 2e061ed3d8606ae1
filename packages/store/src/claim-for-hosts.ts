import { fits, labelSetKey } from '@switchyard/core'
import type { Claim } from '@switchyard/core'
import { claimNextForHosts, MOST_SLOTS } from './claim-next-for-hosts.ts'
import { toClaim } from './claim-rows.ts'
import { freeSlots, listHostLabels, listReadyHosts, lockHosts } from './host-standing.ts'
import type { ReadyHost } from './host-standing.ts'
import { listOpenLanes } from './open-lanes.ts'
import type { OpenLanes } from './open-lanes.ts'
import { inTransaction } from './pool.ts'
import type { Pool } from './pool.ts'
import { createScanMemory } from './scan-memory.ts'
import { publishWhenDue } from './turns.ts'

/** Hosts whose rows are locked at a time: their checks and dials wait for that long, and what was claimed is started after it. */
const HOSTS_PER_TRANSACTION = 1_000

export interface ClaimForHostsRequest {
  /** null: all hosts. */
  readonly hostIds: readonly string[] | null
  /** The dispatcher replica that claims, as events name it. */
  readonly dispatcherId: string
  /** The remote process must be started within this many seconds. */
  readonly startSeconds: number
  readonly now?: Date | null
}

/**
 * Claims as many fitting tasks as the hosts have free slots, `ssh_cli` or `undecided` alike, and spreads them: the freest host gets the
 * first, and none a second one before all have had one. Slots are counted under a lock on the hosts' rows, so that all replicas
 * together never exceed `max_concurrent`. A host whose last dial failed gets one task at a time until a dial works. Nothing for a host that
 * is paused, cooling down, blocked by its last check, full, or being served by another replica. `onClaimed` is called after each commit.
 */
export async function claimForHosts(
  pool: Pool,
  request: ClaimForHostsRequest,
  onClaimed: (claims: readonly Claim[]) => void | Promise<void>,
): Promise<void> {
  const { hostIds, now = null } = request
  const open = await listOpenLanes(pool)
  const wanted = await hostsWanted(pool, hostIds, open)
  if (wanted.length === 0) return
  const ready = (await listReadyHosts(pool, wanted, now)).filter((host) => freeSlots(host) > 0)
  // Hosts with the same labels side by side, so that one statement serves many of them.
  const ordered = ready
    .map((host) => ({ id: host.id, key: labelSetKey(host.labels) }))
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
  for (let first = 0; first < ordered.length; first += HOSTS_PER_TRANSACTION) {
    const ids = ordered.slice(first, first + HOSTS_PER_TRANSACTION).map(({ id }) => id)
    const claims = await claimUnderLocks(pool, ids, open.hostIds, request)
    if (claims.length > 0) await onClaimed(claims)
  }
}

/** The hosts that something waits for. */
async function hostsWanted(
  pool: Pool,
  hostIds: readonly string[] | null,
  open: OpenLanes,
): Promise<string[]> {
  if (open.requires.length === 0 && open.hostIds.size === 0) return []
  return (await listHostLabels(pool, hostIds)).flatMap(({ labels, hostIds: alike }) =>
    open.requires.some((requires) => fits(requires, labels))
      ? alike
      : alike.filter((id) => open.hostIds.has(id)),
  )
}

async function claimUnderLocks(
  pool: Pool,
  hostIds: readonly string[],
  reserved: ReadonlySet<string>,
  { dispatcherId, startSeconds, now = null }: Omit<ClaimForHostsRequest, 'hostIds'>,
): Promise<Claim[]> {
  const scan = createScanMemory()
  const claims = await inTransaction(pool, async (connection) => {
    const locked = await lockHosts(connection, hostIds)
    // In a statement of its own: its snapshot is younger than the locks, so the counts are exact.
    const hosts = locked.length === 0 ? [] : await listReadyHosts(connection, locked, now)
    const taken: Claim[] = []
    for (const group of groupByLabels(hosts, reserved)) {
      const { labels } = group[0]
      for (const slots of inPieces(slotsOf(group), MOST_SLOTS)) {
        const rows = await claimNextForHosts(connection, slots, { labels, dispatcherId, startSeconds, now })
        scan.end(labels, { fromBeginning: true, cost: 0, claimed: rows, reachedEnd: true }, 0)
        taken.push(...rows.map(toClaim))
        if (rows.length < slots.length) break
      }
    }
    return taken
  })
  publishWhenDue(pool, 'push', scan)
  return claims
}

type Group = [ReadyHost, ...ReadyHost[]]

/** Hosts that can be served together; one for which something is reserved asks alone, and first. */
function groupByLabels(hosts: readonly ReadyHost[], reserved: ReadonlySet<string>): Group[] {
  const alone: Group[] = []
  const groups = new Map<string, Group>()
  for (const host of hosts) {
    const key = labelSetKey(host.labels)
    const group = groups.get(key)
    if (reserved.has(host.id)) alone.push([host])
    else if (group === undefined) groups.set(key, [host])
    else group.push(host)
  }
  return [...alone, ...groups.values()]
}

/** One entry for each free slot: all hosts once, the freest first, then all that have a second slot, and so on. */
function slotsOf(hosts: readonly ReadyHost[]): string[] {
  const byFreedom = hosts
    .map((host) => ({
      id: host.id,
      free: freeSlots(host),
      share: freeSlots(host) / (host.maxConcurrent ?? 1),
    }))
    .sort((left, right) => right.share - left.share)
  const slots: string[] = []
  for (let round = 0; ; round += 1) {
    const takers = byFreedom.filter(({ free }) => free > round)
    if (takers.length === 0) return slots
    slots.push(...takers.map(({ id }) => id))
  }
}

function* inPieces(slots: readonly string[], size: number): Generator<readonly string[]> {
  for (let first = 0; first < slots.length; first += size) yield slots.slice(first, first + size)
}

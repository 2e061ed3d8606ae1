import type { HostDefinition } from '@switchyard/store'

type Jumping = Pick<HostDefinition, 'id' | 'proxyJump'>

/**
 * Puts jump hosts before the hosts that are reached through them; else the order stays. What is left over leads, through
 * `proxyJump`, in a circle. Hosts that are not in the list count as there.
 */
export function orderByJumps<H extends Jumping>(
  hosts: readonly H[],
): { readonly ordered: readonly H[]; readonly circle: readonly H[] } {
  const ordered: H[] = []
  let left = [...hosts]
  for (;;) {
    const waiting = new Set(left.map(({ id }) => id))
    const next = left.filter(({ proxyJump }) => proxyJump === null || !waiting.has(proxyJump))
    if (next.length === 0) return { ordered, circle: left }
    ordered.push(...next)
    left = left.filter((host) => !next.includes(host))
  }
}

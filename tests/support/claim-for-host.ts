import type { Claim } from '@switchyard/core'
import { claimForHosts } from '@switchyard/store'
import type { ClaimForHostsRequest, Pool } from '@switchyard/store'

/** What one host is given. */
export async function claimForHost(
  pool: Pool,
  { hostId, ...request }: Omit<ClaimForHostsRequest, 'hostIds'> & { readonly hostId: string },
): Promise<Claim[]> {
  const all: Claim[] = []
  await claimForHosts(pool, { ...request, hostIds: [hostId] }, (claims) => void all.push(...claims))
  return all
}

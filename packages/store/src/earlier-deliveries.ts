import type { ReceivedDelivery } from './deliveries.ts'
import type { Queryable } from './pool.ts'

const FIND_EARLIER_DELIVERIES = /* sql */ `
  select d.forge, d.delivery_uuid as "deliveryUuid", d.id, d.task_ids as "taskIds"
    from unnest($1::text[], $2::text[]) as asked(forge, delivery_uuid)
   cross join lateral (select * from deliveries k
                        where k.forge = asked.forge and k.delivery_uuid = asked.delivery_uuid and k.repeats is null
                        limit 1) d`

/** A delivery with the same UUID that came before. */
export interface EarlierDelivery {
  readonly id: string
  readonly taskIds: readonly string[]
}

/** The first delivery with the same UUID, for each that is not the first; null for the others, and for those without a UUID. */
export async function findEarlierDeliveries(
  db: Queryable,
  deliveries: readonly ReceivedDelivery[],
): Promise<(EarlierDelivery | null)[]> {
  const named = deliveries.filter(({ deliveryUuid }) => deliveryUuid !== null)
  if (named.length === 0) return deliveries.map(() => null)
  const { rows } = await db.query<EarlierDelivery & { forge: string; deliveryUuid: string }>({
    name: 'find_earlier_deliveries',
    text: FIND_EARLIER_DELIVERIES,
    values: [named.map(({ forge }) => forge), named.map(({ deliveryUuid }) => deliveryUuid)],
  })
  return deliveries.map(
    ({ forge, deliveryUuid }) =>
      rows.find((row) => row.forge === forge && row.deliveryUuid === deliveryUuid) ?? null,
  )
}

export const EARLIER_DELIVERY_STATEMENTS = { find_earlier_deliveries: FIND_EARLIER_DELIVERIES }

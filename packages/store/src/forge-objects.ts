import type { Queryable } from './pool.ts'

/** The issue or pull request that a delivery is about, with the labels it has now. */
export interface ForgeSubject {
  readonly object: string
  readonly labels: readonly string[]
}

// By object, here and below: whoever has several of them takes them in the same order.
const LOCK_KNOWN_LABELS = /* sql */ `
  select object, labels from forge_objects where object = any($1::text[]) order by object for update`

const REMEMBER_LABELS = /* sql */ `
  insert into forge_objects (object, labels, seen_at)
  select asked.object, array(select jsonb_array_elements_text(asked.labels)), coalesce($3::timestamptz, now())
    from unnest($1::text[], $2::jsonb[]) as asked(object, labels)
   order by asked.object
  on conflict (object) do update set labels = excluded.labels, seen_at = excluded.seen_at`

const FORGET_OBJECTS = /* sql */ `
  delete from forge_objects where seen_at < coalesce($1::timestamptz, now()) - make_interval(days => $2)`

/**
 * The labels that these objects had after the last change of them; one of which none was seen is not in it. Nobody else changes them until
 * the transaction ends.
 */
export async function lockKnownLabels(
  db: Queryable,
  subjects: readonly ForgeSubject[],
): Promise<Map<string, readonly string[]>> {
  if (subjects.length === 0) return new Map()
  const { rows } = await db.query<ForgeSubject>({
    name: 'lock_known_labels',
    text: LOCK_KNOWN_LABELS,
    values: [subjects.map(({ object }) => object)],
  })
  return new Map(rows.map(({ object, labels }) => [object, labels]))
}

/** Keeps the labels for the next delivery to be compared with. Each object once. */
export async function rememberLabels(
  db: Queryable,
  subjects: readonly ForgeSubject[],
  now: Date | null,
): Promise<void> {
  if (subjects.length === 0) return
  await db.query({
    name: 'remember_labels',
    text: REMEMBER_LABELS,
    values: [subjects.map(({ object }) => object), subjects.map(({ labels }) => JSON.stringify(labels)), now],
  })
}

/** Forgets objects that no delivery was about for so many days. */
export async function forgetForgeObjects(
  db: Queryable,
  options: { readonly days: number; readonly now?: Date | null },
): Promise<void> {
  await db.query({
    name: 'forget_objects',
    text: FORGET_OBJECTS,
    values: [options.now ?? null, options.days],
  })
}

export const FORGE_OBJECT_STATEMENTS = {
  lock_known_labels: LOCK_KNOWN_LABELS,
  remember_labels: REMEMBER_LABELS,
  forget_objects: FORGET_OBJECTS,
}

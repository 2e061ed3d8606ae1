import type { Queryable } from './pool.ts'

/** The issue or pull request that a delivery is about, with the labels it has now. */
export interface ForgeSubject {
  readonly object: string
  readonly labels: readonly string[]
}

const READ_KNOWN_LABELS = /* sql */ `select labels from forge_objects where object = $1 for update`

const REMEMBER_LABELS = /* sql */ `
  insert into forge_objects (object, labels, seen_at) values ($1, $2, coalesce($3::timestamptz, now()))
  on conflict (object) do update set labels = excluded.labels, seen_at = excluded.seen_at`

const FORGET_OBJECTS = /* sql */ `
  delete from forge_objects where seen_at < coalesce($1::timestamptz, now()) - make_interval(days => $2)`

/** The labels that the object had after the last change of them; null when none was seen. */
export async function readKnownLabels(db: Queryable, object: string): Promise<readonly string[] | null> {
  const { rows } = await db.query<{ labels: string[] }>({
    name: 'read_known_labels',
    text: READ_KNOWN_LABELS,
    values: [object],
  })
  return rows[0]?.labels ?? null
}

/** Keeps the labels for the next delivery to be compared with. */
export async function rememberLabels(db: Queryable, subject: ForgeSubject, now: Date | null): Promise<void> {
  await db.query({
    name: 'remember_labels',
    text: REMEMBER_LABELS,
    values: [subject.object, subject.labels, now],
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
  read_known_labels: READ_KNOWN_LABELS,
  remember_labels: REMEMBER_LABELS,
  forget_objects: FORGET_OBJECTS,
}

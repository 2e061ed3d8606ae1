import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { rounded, summarise } from '../../statistics.ts'
import { otherQueue, supplied, switchyard, type Contender } from '../contenders.ts'
import type { Course, Figure, Measure, Outcome } from '../measure.ts'
import { ONE_AT_A_TIME, startPeer } from '../peers.ts'
import { rateOf } from '../rates.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

/** Rates are means of so many seconds, before and at the end. */
const COMPARED_SECONDS = 10
const FIRST_SECONDS = 3
const BESIDE: readonly string[] = [ONE_AT_A_TIME, 'graphile-worker']

export const heldSnapshot: Measure = {
  name: 'held-snapshot',
  title: 'Under a held snapshot',
  about:
    'Somebody holds a snapshot open in the same database (a forgotten transaction, a long report, pg_dump), and no dead row can be removed any more. Tasks per second before, and at the end of the time that it was held, while it still is; each queue for itself, with the same work as in the first measure.',
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const generator = await stage.child('load')
  const figures: Figure[] = []
  const courses: Course[] = []
  const ratios = new Map<string, number>()
  const ours = await switchyard(stage, generator)
  const contenders: { contender: Contender; url: string }[] = [{ contender: ours, url: ours.databaseUrl }]
  for (const kind of sizes.peers.filter(({ name }) => BESIDE.includes(name))) {
    const peer = await startPeer(stage, kind)
    contenders.push({ contender: otherQueue(peer), url: peer.url })
  }
  for (const { contender, url } of contenders) {
    const { name } = contender
    const perSecond = await workUnderSnapshot(stage, contender, url, sizes)
    const compared = Math.min(COMPARED_SECONDS, sizes.heldSnapshotSeconds)
    const before = rateOf({ perSecond }, FIRST_SECONDS, FIRST_SECONDS + compared)
    const after = rateOf({ perSecond }, perSecond.length - compared)
    ratios.set(name, rounded(after / before))
    courses.push({ name, unit: 'tasks/s', perSecond })
    figures.push(
      { name: `${name}, before`, unit: 'tasks/s', summary: summarise([before]) },
      { name: `${name}, at the end`, unit: 'tasks/s', summary: summarise([after]) },
    )
  }
  const [mine, ...others] = ratios
  return {
    figures,
    courses,
    targets: [
      {
        name: `tasks/s after ${sizes.heldSnapshotSeconds} s of a held snapshot ÷ before`,
        value: mine?.[1] ?? Number.NaN,
        unit: '',
        bound: { atLeast: 0.9 },
      },
    ],
    remarks: others.map(([name, ratio]) => `${name}: × ${ratio}.`),
  }
}

async function workUnderSnapshot(
  stage: Stage,
  contender: Contender,
  url: string,
  sizes: Sizes,
): Promise<readonly number[]> {
  const { name } = contender
  stage.tell(`${name}: how fast it is`)
  const supply = supplied(contender)
  await supply.prepare(sizes.runSeconds)
  await supply.work(sizes.runSeconds)
  const beforeSeconds = FIRST_SECONDS + Math.min(COMPARED_SECONDS, sizes.heldSnapshotSeconds)
  const seconds = beforeSeconds + sizes.heldSnapshotSeconds
  stage.tell(`${name}: making tasks`)
  await supply.prepare(seconds)
  stage.tell(`${name}: ${beforeSeconds} s without, ${sizes.heldSnapshotSeconds} s with a held snapshot`)
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  try {
    const worked = supply.work(seconds)
    // The work itself may fail while nobody waits for it yet; that is said below.
    worked.catch(() => undefined)
    await delay(beforeSeconds * 1000)
    await holder.query('begin isolation level repeatable read')
    await holder.query('select 1 from pg_class limit 1')
    return (await worked).perSecond
  } finally {
    await holder.end()
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { rounded, summarise } from '../../statistics.ts'
import { otherQueue, supplied, switchyard, type Contender } from '../contenders.ts'
import type { Course, Figure, Measure, Outcome } from '../measure.ts'
import { ONE_AT_A_TIME, startPeer } from '../peers.ts'
import { processorTimeOf, type Processes } from '../processor-time.ts'
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
    'Somebody holds a snapshot open in the same database (a forgotten transaction, a long report, pg_dump), and no dead row can be removed any more. Tasks per second before, and at the end of the time that it was held, while it still is; each queue for itself, with the same work as in the first measure. For Switchyard also what one task costs in processor time, which tells more than rates where the machine itself is at times slower.',
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const generator = await stage.child('load')
  const figures: Figure[] = []
  const courses: Course[] = []
  const ratios = new Map<string, number>()
  const remarks: string[] = []
  const ours = await switchyard(stage, generator)
  const contenders: { contender: Contender; url: string }[] = [{ contender: ours, url: ours.databaseUrl }]
  for (const kind of sizes.peers.filter(({ name }) => BESIDE.includes(name))) {
    const peer = await startPeer(stage, kind)
    contenders.push({ contender: otherQueue(peer), url: peer.url })
  }
  for (const { contender, url } of contenders) {
    const { name } = contender
    const { perSecond, costs } = await workUnderSnapshot(stage, contender, url, sizes)
    const compared = comparedSeconds(sizes)
    const before = rateOf({ perSecond }, FIRST_SECONDS, FIRST_SECONDS + compared)
    const after = rateOf({ perSecond }, perSecond.length - compared)
    ratios.set(name, rounded(after / before))
    courses.push({ name, unit: 'tasks/s', perSecond })
    figures.push(
      { name: `${name}, before`, unit: 'tasks/s', summary: summarise([before]) },
      { name: `${name}, at the end`, unit: 'tasks/s', summary: summarise([after]) },
    )
    if (costs === null) continue
    const one = { before: costs.before / compared / before, after: costs.after / compared / after }
    figures.push(
      { name: 'processor time of a task, before', unit: 'ms', summary: summarise([one.before]) },
      { name: 'processor time of a task, at the end', unit: 'ms', summary: summarise([one.after]) },
    )
    remarks.push(`Processor time of a task: × ${rounded(one.after / one.before)}.`)
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
    remarks: [...remarks, ...others.map(([name, ratio]) => `${name}: × ${ratio}.`)],
  }
}

/** What was done in each second, and the processor time of the compared seconds, in milliseconds; null: nobody asked. */
interface Worked {
  readonly perSecond: readonly number[]
  readonly costs: { readonly before: number; readonly after: number } | null
}

function comparedSeconds({ heldSnapshotSeconds }: Sizes): number {
  return Math.min(COMPARED_SECONDS, heldSnapshotSeconds)
}

async function workUnderSnapshot(
  stage: Stage,
  contender: Contender,
  url: string,
  sizes: Sizes,
): Promise<Worked> {
  const { name, processes } = contender
  stage.tell(`${name}: how fast it is`)
  const supply = supplied(contender)
  await supply.prepare(sizes.runSeconds)
  await supply.work(sizes.runSeconds)
  const compared = comparedSeconds(sizes)
  const beforeSeconds = FIRST_SECONDS + compared
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
    await delay(FIRST_SECONDS * 1000)
    const before = await costWithin(processes, compared)
    await holder.query('begin isolation level repeatable read')
    await holder.query('select 1 from pg_class limit 1')
    await delay((sizes.heldSnapshotSeconds - compared) * 1000)
    const after = await costWithin(processes, compared)
    const { perSecond } = await worked
    return { perSecond, costs: before === null || after === null ? null : { before, after } }
  } finally {
    await holder.end()
  }
}

/** Waits so many seconds, and tells how much processor time went by in them. */
async function costWithin(processes: Processes | undefined, seconds: number): Promise<number | null> {
  const wait = (): Promise<void> => delay(seconds * 1000)
  if (processes === undefined) {
    await wait()
    return null
  }
  const { spent } = await processorTimeOf(processes, wait)
  return Object.values(spent).reduce((sum, each) => sum + each, 0)
}

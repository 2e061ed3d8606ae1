import { createWaker } from '@switchyard/store'
import { Bell } from './bell.ts'
import type { DispatcherContext } from './context.ts'
import { createCycle } from './cycle.ts'
import type { CycleReport } from './cycle.ts'
import { createHostChecks } from './host-checks.ts'
import type { HostChecks } from './host-checks.ts'
import { createRunRegistry } from './runs/registry.ts'
import type { RunRegistry } from './runs/registry.ts'

/** One dispatcher without anything that moves it: no timer, no process, no configuration. */
export interface Replica {
  readonly context: DispatcherContext
  readonly runs: RunRegistry
  readonly checks: HostChecks
  /** Rings when a slot is free or a cycle left something, so that the next cycle may come early. */
  readonly bell: Bell
  /** One pass over everything. Never rejects. */
  readonly cycle: () => Promise<CycleReport>
}

/** Puts the parts of a dispatcher together. */
export function createReplica(parts: Omit<DispatcherContext, 'waker'>): Replica {
  const context: DispatcherContext = { ...parts, waker: createWaker(parts.pool, parts.dispatcherId) }
  const bell = new Bell()
  const runs = createRunRegistry(context, () => bell.ring())
  const checks = createHostChecks(context)
  const cycle = createCycle(
    { ...context, pool: context.cyclePool },
    {
      goOn: () => bell.ring(),
      startRun: (host, claim) => runs.start(host, claim),
      adopt: (orphan) => runs.adopt(orphan),
      startCheck: (check) => checks.start(check),
      checksUnderWay: () => checks.count(),
      runs,
    },
  )
  return { context, runs, checks, bell, cycle }
}

import type { Measure } from '../measure.ts'
import { backlog } from './backlog.ts'
import { deliveries } from './deliveries.ts'
import { dispatch } from './dispatch.ts'
import { flip } from './flip.ts'
import { heldSnapshot } from './held-snapshot.ts'
import { pairs } from './pairs.ts'
import { waiting } from './waiting.ts'
import { wakeUp } from './wake-up.ts'

/** In the order in which they are measured and shown. */
export const MEASURES: readonly Measure[] = [
  pairs,
  wakeUp,
  backlog,
  heldSnapshot,
  waiting,
  deliveries,
  flip,
  dispatch,
]

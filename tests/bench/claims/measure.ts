import type { Summary } from '../statistics.ts'
import type { Timeline } from './load/timeline.ts'
import type { Sizes } from './sizes.ts'
import type { Stage } from './stage.ts'

/** Something measured, in its own unit. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly summary: Summary
}

/** A number that the project set itself, and what was measured of it. */
export interface Target {
  readonly name: string
  readonly value: number
  /** Empty for ratios. */
  readonly unit: string
  readonly bound: { readonly atLeast: number } | { readonly atMost: number }
}

/** What happened over a run, second by second. */
export interface Course {
  readonly name: string
  readonly unit: string
  readonly perSecond: Timeline['perSecond']
}

export interface Outcome {
  readonly figures: readonly Figure[]
  readonly targets: readonly Target[]
  readonly courses?: readonly Course[]
  /** Whole sentences that a reader needs to judge the figures. */
  readonly remarks?: readonly string[]
}

/** One thing that the benchmark measures, on databases and processes of its own. */
export interface Measure {
  /** As `--only` takes it. */
  readonly name: string
  readonly title: string
  /** What is measured, and how. */
  readonly about: string
  readonly run: (stage: Stage, sizes: Sizes) => Promise<Outcome>
}

export function isReached({ value, bound }: Target): boolean {
  return 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
}

import type { Machine } from '../machine.ts'
import type { Measure, Outcome } from './measure.ts'

/** What docs/bench/claims.json holds. */
export interface Report {
  readonly machine: Machine
  readonly postgres: { readonly version: string; readonly settings: Readonly<Record<string, string>> }
  /** `quick` is for trying: its figures say little. */
  readonly sizes: 'full' | 'quick'
  readonly measures: readonly Measured[]
}

/** One measure, or why it has no figures. */
export interface Measured extends Pick<Measure, 'name' | 'title' | 'about'> {
  readonly seconds: number
  /** Load average of the last minute, the higher of before and after. */
  readonly load: number
  readonly outcome: Outcome | { readonly problem: string }
}

export function hasFigures(measured: Measured): measured is Measured & { readonly outcome: Outcome } {
  return 'figures' in measured.outcome
}

import { parseArgs } from 'node:util'
import { MEASURES } from './measures/index.ts'
import type { Measure } from './measure.ts'

export interface Options {
  readonly quick: boolean
  readonly measures: readonly Measure[]
  /** Where the results go; null: into the documents when everything is measured in full, else only onto the screen. */
  readonly output: string | null
}

export const USAGE = `npm run bench [-- OPTIONS]

  --quick         small sizes, two minutes; the figures say little
  --only NAMES    some of: ${MEASURES.map(({ name }) => name).join(', ')} (separated by commas)
  --output DIR    where claims.json, claims.md and the plots go; docs/bench when all is measured in full`

/** Throws with a sentence for what it does not understand. */
export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      output: { type: 'string' },
    },
  })
  const names = values.only?.split(',') ?? MEASURES.map(({ name }) => name)
  const unknown = names.filter((name) => !MEASURES.some((measure) => measure.name === name))
  if (unknown.length > 0) throw new Error(`There is no measure ${unknown.join(', ')}.\n\n${USAGE}`)
  return {
    quick: values.quick,
    measures: MEASURES.filter(({ name }) => names.includes(name)),
    output: values.output ?? null,
  }
}

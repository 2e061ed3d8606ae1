import { isReached, type Target } from './measure.ts'
import { hasFigures, type Measured } from './report.ts'

/** One measure on the screen. */
export function printMeasured(measured: Measured): void {
  console.log(`\n${measured.title} (${measured.name}, ${measured.seconds} s, load ${measured.load})`)
  if (!hasFigures(measured)) {
    console.log(`  failed: ${'problem' in measured.outcome ? measured.outcome.problem : ''}\n`)
    return
  }
  const { figures, targets, remarks = [] } = measured.outcome
  for (const { name, unit, summary } of figures) {
    const spread = summary.count === 1 ? '' : `  (${summary.least} to ${summary.most})`
    console.log(`  ${name.padEnd(56)} ${summary.median} ${unit}${spread}`)
  }
  for (const target of targets)
    console.log(
      `  ${isReached(target) ? 'reached' : 'MISSED '}  ${target.name}: ${target.value} ${target.unit} (${boundText(target)})`,
    )
  for (const remark of remarks) console.log(`  ${remark}`)
  console.log('')
}

/** As in "≥ 4" or "≤ 5 ms". */
export function boundText({ bound, unit }: Pick<Target, 'bound' | 'unit'>): string {
  const text = 'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`
  return unit === '' ? text : `${text} ${unit}`
}

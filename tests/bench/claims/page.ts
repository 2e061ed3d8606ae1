import { isReached, type Figure, type Target } from './measure.ts'
import { MEASURES } from './measures/index.ts'
import { boundText } from './print.ts'
import { hasFigures, type Measured, type Report } from './report.ts'

/** The report as Markdown; `plots` are the files that exist beside it. */
export function writePage(report: Report, plots: ReadonlySet<string>): string {
  const { machine, postgres, measures, sizes } = report
  const missing = MEASURES.map(({ name }) => name).filter(
    (name) => !measures.some((one) => one.name === name),
  )
  const settings = Object.entries(postgres.settings).map(([name, value]) => `\`${name} = ${value}\``)
  return [
    '# Claims, measured',
    `Written by \`npm run bench\`, together with [the numbers](claims.json). It needs about 15 minutes and a machine with nothing else to do.
Everything runs on that machine: PostgreSQL, one API process with its default settings, the load generator in a process of its own.
Compare ratios, not rates: both sides of a ratio were measured on the same PostgreSQL within the same minutes, in turns. Each figure is the median of
several runs, with the least and the most of them.`,
    sizes === 'quick' ? '**With small sizes, for trying: the figures say little.**' : '',
    `- ${machine.date.slice(0, 10)}, ${machine.system}, ${machine.cores} × ${machine.processor}, ${machine.memoryGibibytes} GiB, Node.js ${machine.node}
- ${postgres.version} with its own settings (\`fsync\`, \`synchronous_commit\` and \`full_page_writes\` on) but for ${settings.join(', ')}
- load average of the last minute before it began: ${machine.loadBefore}; with ${machine.cores} cores, more than ${machine.cores} means that processes waited for one`,
    missing.length === 0 ? '' : `**Not measured in this run: ${missing.join(', ')}.**`,
    '## Targets',
    targetsTable(measures),
    plots.has('claims-targets.svg') ? '![Each value over its target](claims-targets.svg)' : '',
    ...measures.map((measured) => section(measured, plots)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function targetsTable(measures: readonly Measured[]): string {
  const rows = measures
    .filter(hasFigures)
    .flatMap(({ outcome }) => outcome.targets)
    .map((target) => `| ${target.name} | ${boundText(target)} | ${valueText(target)} | ${verdict(target)} |`)
  return ['| measure | target | measured | |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function section(measured: Measured, plots: ReadonlySet<string>): string {
  const { name, title, about, load, seconds } = measured
  const head = `## ${title}\n\n${about}`
  if (!hasFigures(measured)) return `${head}\n\nNothing was measured: it failed.`
  const { figures, remarks = [] } = measured.outcome
  const plot = `claims-${name}.svg`
  return [
    head,
    ['| | median | least | most | unit |', '| --- | --- | --- | --- | --- |', ...figures.map(row)].join('\n'),
    remarks.join(' '),
    plots.has(plot) ? `![${title}](${plot})` : '',
    `\`npm run bench -- --only ${name}\`, ${seconds} s, load average ${load}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function row({ name, unit, summary: { median, least, most } }: Figure): string {
  return `| ${name} | ${median} | ${least} | ${most} | ${unit} |`
}

function valueText({ value, unit }: Target): string {
  return unit === '' ? String(value) : `${value} ${unit}`
}

function verdict(target: Target): string {
  return isReached(target) ? 'reached' : '**missed**'
}

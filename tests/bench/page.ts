import type { LaunchDelay } from './launch-delay.ts'
import type { LogThroughput } from './log-throughput.ts'
import type { Machine } from './machine.ts'
import type { ManyRuns } from './many-runs.ts'
import type { OutputDelay } from './output-delay.ts'
import type { Summary } from './statistics.ts'

export interface Results {
  readonly machine: Machine & { readonly openssh: string }
  readonly launchDelay: Loaded<LaunchDelay>
  readonly outputDelay: Loaded<OutputDelay>
  readonly logThroughput: Loaded<LogThroughput>
  readonly manyRuns: Loaded<ManyRuns>
}

/** With the load average of the last minute, the higher of before and after. */
type Loaded<T> = T & { readonly load: number }

/** What a start may cost, measured in the cheapest thing that SSH does. */
const AIMED_RATIO = 1.5

/** The results as docs/bench/ssh-runs.md, formatted as Prettier would. */
export function writePage({ machine, launchDelay, outputDelay, logThroughput, manyRuns }: Results): string {
  return `# SSH runs, measured

Written by \`npm run bench:ssh\`, together with [the numbers](ssh-runs.json). It needs \`ssh\` and \`sshd\`, a few minutes, and a machine with
nothing else to do. Compare ratios, not times: both sides of a ratio were measured at the same time on the same machine, and
times follow whatever else it did.

- ${machine.date.slice(0, 10)}, ${machine.system}, ${machine.cores} × ${machine.processor}, ${machine.memoryGibibytes} GiB, Node.js ${machine.node}, ${machine.openssh}
- PostgreSQL with \`fsync\` and \`synchronous_commit\` on, one API, one dispatcher, four sshd processes with default limits, all on
  this machine, so that everybody takes from the same ${machine.cores} cores
- load average while measuring: ${[launchDelay, outputDelay, logThroughput, manyRuns].map(({ load }) => load).join(', ')} (with ${machine.cores} cores, more than
  ${machine.cores} means that processes waited for one)

## From the claim to the command

Runs one after the other on a warm connection; each beside \`ssh HOST true\` over a ControlMaster socket. The aim is a
ratio of at most ${AIMED_RATIO}. Milliseconds.

${table(
  ['', 'median', 'least', 'most'],
  [
    row('claim → first action of the command', launchDelay.claimToCommand),
    row('… of it, claim → host is ready', launchDelay.claimToStart),
    row('… of it, start is stored, command is started', launchDelay.startToCommand),
    row('`ssh HOST true`', launchDelay.opensshTrue),
    ['**ratio of the medians**', `**${launchDelay.ratio}**`, '', ''],
    row('claim → first action, with no channel open for it', launchDelay.withoutOpenChannel),
    ['ratio of the medians', String(launchDelay.ratioWithoutOpenChannel), '', ''],
  ],
)}

\`ssh HOST true\` opens a channel and starts one shell that ends with it. A run finds its channel open, and in it a shell and a
supervisor in a session of its own: a connection that carries a run keeps one so for the next. The first run after a pause, and
the second of two that start at once, have to open theirs: the last two rows, measured on a server that allows one channel. A run pays for two commits (the claim, the start) and for what lets
it outlive its dispatcher: a folder, the stored prompt, a time limit, and the command in another session. All of that is made while
the start is being stored; what is not ready by then is waited for, and behind it comes nothing but the command.

## From the output to its reader

A command that prints a line and is quiet for more than a second, followed with \`GET /api/v1/tasks/{task_id}/logs\` as server-sent
events. The worst case, since what is quiet is looked at less often. Milliseconds.

${table(['', 'median', 'least', 'most'], [row('printed → seen', outputDelay.printedToSeen)])}

## Log throughput

A run that prints ${logThroughput.mebibytes} MiB, stored whole in PostgreSQL; beside \`ssh HOST cat FILE\`, stored nowhere. MiB per second.

${table(
  ['', 'median', 'least', 'most'],
  [
    row('stored', logThroughput.stored),
    row('`ssh HOST cat FILE`', logThroughput.opensshCat),
    ['**ratio of the medians**', `**${logThroughput.ratio}**`, '', ''],
  ],
)}

## Many runs at a time

${manyRuns.runs} runs at a time by one dispatcher on ${manyRuns.hosts} hosts, watched for a minute. Resident memory of the dispatcher.

${table(
  ['', ''],
  [
    ['runs that succeeded, at the first attempt', `${manyRuns.succeeded} of ${manyRuns.runs}`],
    ['from the first task until all run', `${manyRuns.secondsUntilAllRun} s`],
    ['before', `${manyRuns.before} MiB`],
    ['with all of them running, median', `${manyRuns.during.median} MiB`],
    ['… least and most within the minute', `${manyRuns.during.least} to ${manyRuns.during.most} MiB`],
    ['… last third of the minute against its first', `× ${manyRuns.growth}`],
    ['after', `${manyRuns.after} MiB`],
    ['**per run**', `**${manyRuns.kibibytesPerRun} KiB**`],
  ],
)}
`
}

function row(name: string, { median, least, most }: Summary): string[] {
  return [name, String(median), String(least), String(most)]
}

/** A table whose columns are as wide as Prettier makes them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => (cells[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

import { ENDED_STATUSES, HELD_STATUSES, TASK_STATUSES, TRANSITIONS, UNHELD_STATUSES } from '@switchyard/core'

/** docs/state-machine.md, from the transition table. */
export function describeStateMachine(): string {
  const transitions = Object.entries(TRANSITIONS)
  const arrows = transitions.flatMap(([name, { from, to }]) =>
    from.map((status) => `  ${status} --> ${to}: ${name}`),
  )
  const rows = transitions.map(([name, { from, to, by, when }]) => [
    `\`${name}\``,
    from.map((status) => `\`${status}\``).join(', '),
    `\`${to}\``,
    by,
    when,
  ])
  return `# The life of a task

Generated from the transition table in \`packages/core/src/transitions.ts\` by \`npm run generate\`; do not edit.

Nobody holds a task that is ${list(UNHELD_STATUSES)}. Somebody's lease is on one that is ${list(HELD_STATUSES)}. A task that is
${list(ENDED_STATUSES)} has ended. The status says how far a task is; on which track it is executed is another question, answered by
\`execution_mode\`.

\`\`\`mermaid
stateDiagram-v2
  [*] --> pending
  [*] --> scheduled
  [*] --> waiting
${arrows.join('\n')}
${ENDED_STATUSES.map((status) => `  ${status} --> [*]`).join('\n')}
\`\`\`

${table(['event', 'from', 'to', 'by', 'when'], rows)}

All statuses, in the order of a life without accidents: ${TASK_STATUSES.map((status) => `\`${status}\``).join(', ')}.
`
}

function list(words: readonly string[]): string {
  const marked = words.map((word) => `\`${word}\``)
  return `${marked.slice(0, -1).join(', ')} or ${marked.at(-1) ?? ''}`
}

/** A Markdown table whose columns are as wide as their widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

import type { Finding } from './try-case.ts'

/** What was found, as a table in Markdown, and what is wrong with it. */
export function describeFindings(findings: readonly Finding[]): string {
  const rows = findings.map((each) => [
    ...[each.preset, each.case, each.track, each.status, each.end, each.seconds.toFixed(1)],
    ...[String(each.seen.requests), each.seen.whole ? 'yes' : 'no', String(each.processesLeft)],
    oneLine(each.lastLines),
  ])
  const header = [
    ...[
      'preset',
      'the model',
      'track',
      'task',
      'exit',
      's',
      'requests',
      'whole prompt',
      'left',
      'last lines',
    ],
  ]
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  const complaints = findings.flatMap((each) =>
    each.complaints.map((what) => `${each.preset}, ${each.case}, ${each.track}: ${what}`),
  )
  return [...lines, '', ...complaints].join('\n')
}

function oneLine(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' / ')
    .replaceAll('|', '\\|')
    .slice(-160)
}

import { PROBLEMS, problemsOf, ROUTES } from '@switchyard/contract'
import type { ProblemCode, ProblemKind, Route } from '@switchyard/contract'

const INTRODUCTION = `# Problems

Every error is answered as \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). \`code\` is stable:
programs decide by it. \`detail\` tells a person or a language model what happened, what is true now, and the next call to make; \`next\` is the
last of these by itself. Further members carry the facts of the case, and \`request_id\` finds the request in the log.

Generated from the catalogue in \`packages/contract/src/problems.ts\`; \`npm run generate\` rewrites it.
`

/** docs/problems.md: every error a client can see. */
export function describeProblems(): string {
  const sections = Object.entries<ProblemKind>(PROBLEMS).map(
    ([code, { status, title, now, next }]) => `## \`${code}\`

**${status}**: ${title}.

Now: ${now}

Next: ${next}

${occurrence(code as ProblemCode)}
`,
  )
  return [INTRODUCTION, summary(), ...sections].join('\n')
}

function summary(): string {
  const rows = Object.entries<ProblemKind>(PROBLEMS).map(
    ([code, { status, title }]) => `| ${status} | [\`${code}\`](#${code}) | ${title} |`,
  )
  return `${['| status | code | what it means |', '| --- | --- | --- |', ...rows].join('\n')}\n`
}

function occurrence(code: ProblemCode): string {
  const all = Object.values<Route>(ROUTES).filter(({ tag }) => tag !== 'Operations')
  const met = all.filter((route) => problemsOf(route).includes(code)).map(({ operationId }) => operationId)
  if (met.length === 0) return 'Answered where no route is.'
  if (met.length > 12) return 'Answered by most routes.'
  return `Answered by ${met.map((operationId) => `\`${operationId}\``).join(', ')}.`
}

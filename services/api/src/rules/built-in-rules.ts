import { parseRules } from './parse-rules.ts'
import { describeProblems } from '@switchyard/platform'
import type { Rule } from './rule.ts'

/** The rules of an installation that has no rules file, in the form of one. */
export const BUILT_IN_RULES = `\
rules:
  - name: label-agent
    event: [issues, pull_request]
    actions: [opened, reopened, label_updated]
    labels: [agent]
  - name: comment-agent
    event: issue_comment
    actions: [created]
    comment_prefix: /agent
`

/**
 * Added when the bot's login is known. It leaves labelled issues to label-agent: a new issue with label and assignee sends
 * both deliveries, and one task is enough.
 */
const ASSIGNED_RULE = `\
  - name: assigned-to-bot
    event: [issues, pull_request]
    actions: [assigned]
    without_labels: [agent]
    assignee: BOT
`

/** The built-in rules; with a bot's login also the one about being assigned to it. */
export function builtInRules(botUser: string | null): readonly Rule[] {
  const assigned = botUser === null ? '' : ASSIGNED_RULE.replace('BOT', () => JSON.stringify(botUser))
  const parsed = parseRules(BUILT_IN_RULES + assigned)
  if (!parsed.ok) throw new Error(describeProblems('the built-in rules', parsed.problems))
  return parsed.rules
}

export const RULE_EVENTS = [
  'issues',
  'issue_comment',
  'pull_request',
  'pull_request_review',
  'push',
  'release',
] as const
export type RuleEvent = (typeof RULE_EVENTS)[number]

/** In a rule's `actions`: whatever the action is. */
export const ANY_ACTION = '*'

const THREAD_ACTIONS = [
  ...['opened', 'closed', 'reopened', 'edited', 'deleted', 'assigned', 'unassigned'],
  ...['label_updated', 'label_cleared', 'milestoned', 'demilestoned', 'transferred'],
]

/** Every action a forge sends with the event; a rule that asks for another one would wait for ever. */
export const KNOWN_ACTIONS: Readonly<Record<RuleEvent, readonly string[]>> = {
  issues: THREAD_ACTIONS,
  issue_comment: ['created', 'edited', 'deleted'],
  pull_request: [...THREAD_ACTIONS, 'synchronized', 'review_requested', 'review_request_removed'],
  pull_request_review: ['approved', 'rejected', 'commented'],
  push: [],
  release: ['published', 'updated', 'deleted'],
}

/**
 * The actions of a rule that names none. Nothing that an agent's own work causes all the time: `synchronized` is left
 * out because an agent that pushes to its pull request would start itself again.
 */
export const USUAL_ACTIONS: Readonly<Record<RuleEvent, readonly string[]>> = {
  issues: ['opened', 'reopened', 'label_updated', 'assigned'],
  issue_comment: ['created'],
  pull_request: ['opened', 'reopened', 'label_updated', 'assigned', 'review_requested'],
  pull_request_review: ['approved', 'rejected', 'commented'],
  push: [],
  release: ['published'],
}

/** What people write who know another forge, and what it is called here. */
export const FOREIGN_ACTIONS: ReadonlyMap<string, string> = new Map([
  ['labeled', 'label_updated'],
  ['unlabeled', 'label_updated'],
  ['labelled', 'label_updated'],
  ['synchronize', 'synchronized'],
  ['merged', 'closed'],
  ['changes_requested', 'rejected'],
  ['submitted', 'commented'],
  ['reviewed', 'commented'],
  ['released', 'published'],
])

/** True when the name is an event that rules can react to. */
export function isRuleEvent(name: string): name is RuleEvent {
  return RULE_EVENTS.some((event) => event === name)
}

/** Conditions that only some events can fulfil. */
export const EVENTS_WITH_THREAD: readonly RuleEvent[] = [
  'issues',
  'issue_comment',
  'pull_request',
  'pull_request_review',
]
export const EVENTS_WITH_COMMENT: readonly RuleEvent[] = ['issue_comment', 'pull_request_review']

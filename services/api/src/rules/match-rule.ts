import type { ForgeEvent } from '../webhooks/forge-event.ts'
import { textAfterPrefix } from './comment-prefix.ts'
import type { Rule } from './rule.ts'
import { ANY_ACTION, KNOWN_ACTIONS, isRuleEvent, USUAL_ACTIONS, type RuleEvent } from './rule-events.ts'

export type RuleVerdict =
  | { readonly fits: true }
  /** `otherEvent`: the rule is about something else altogether, which is hardly worth telling. */
  | { readonly fits: false; readonly otherEvent: boolean; readonly because: string }

/** Does the rule want this event? If not, `because` continues a sentence that begins with the rule's name. */
export function matchRule(rule: Rule, event: ForgeEvent): RuleVerdict {
  const name = event.event
  if (!isRuleEvent(name) || !rule.events.includes(name)) {
    return { fits: false, otherEvent: true, because: `is about ${rule.events.join(', ')}` }
  }
  const because =
    actionMismatch(rule, name, event) ??
    repositoryMismatch(rule, event) ??
    senderMismatch(rule, event) ??
    labelMismatch(rule, event) ??
    assigneeMismatch(rule, event) ??
    prefixMismatch(rule, event)
  return because === null ? { fits: true } : { fits: false, otherEvent: false, because }
}

function actionMismatch(rule: Rule, name: RuleEvent, event: ForgeEvent): string | null {
  const wanted = rule.actions ?? USUAL_ACTIONS[name]
  const hasNoActions = KNOWN_ACTIONS[name].length === 0
  if (hasNoActions || wanted.includes(ANY_ACTION) || wanted.includes(event.action ?? '')) return null
  return `wants the action ${anyOf(wanted)}, this is ${event.action ?? 'none'}`
}

function repositoryMismatch(rule: Rule, event: ForgeEvent): string | null {
  if (rule.repositories === null || rule.repositories.matches(event.repository ?? '')) return null
  return `wants the repository ${anyOf(rule.repositories.patterns)}, this is ${event.repository ?? 'unknown'}`
}

function senderMismatch(rule: Rule, event: ForgeEvent): string | null {
  if (rule.senders === null) return null
  if (event.sender !== null && rule.senders.matches(event.sender)) return null
  return `does not listen to ${event.sender ?? 'an unknown sender'}`
}

function labelMismatch(rule: Rule, event: ForgeEvent): string | null {
  const thing = event.isPull ? 'the pull request' : 'the issue'
  const unwanted = event.labels.find((label) => includesIgnoringCase(rule.withoutLabels, label))
  if (unwanted !== undefined) return `does not want the label “${unwanted}”`
  if (rule.labels.length === 0) return null
  if (!event.labels.some((label) => includesIgnoringCase(rule.labels, label))) {
    const present = event.labels.length === 0 ? 'no label' : quoted(event.labels)
    return `wants the label ${anyOf(rule.labels.map(quote))}, ${thing} has ${present}`
  }
  // Where the forge says which labels are new, an old one does not trigger again because another one came or went.
  const added = event.action === 'label_updated' ? event.addedLabels : null
  if (added === null || added.some((label) => includesIgnoringCase(rule.labels, label))) return null
  return `wants the label ${anyOf(rule.labels.map(quote))} to be added, ${thing} had it before`
}

function assigneeMismatch(rule: Rule, event: ForgeEvent): string | null {
  if (rule.assignee === null || includesIgnoringCase(event.assignees, rule.assignee)) return null
  const assigned =
    event.assignees.length === 0 ? 'nobody is assigned' : `${event.assignees.join(', ')} is assigned`
  return `wants the assignee ${rule.assignee}, ${assigned}`
}

function prefixMismatch(rule: Rule, event: ForgeEvent): string | null {
  if (rule.commentPrefix === null) return null
  if (event.commentBody !== null && textAfterPrefix(event.commentBody, rule.commentPrefix) !== null)
    return null
  return `wants a comment that begins with ${quote(rule.commentPrefix)}`
}

function includesIgnoringCase(words: readonly string[], word: string): boolean {
  return words.some((candidate) => candidate.toLowerCase() === word.toLowerCase())
}

function quote(word: string): string {
  return `“${word}”`
}

function quoted(words: readonly string[]): string {
  return words.map(quote).join(', ')
}

function anyOf(words: readonly string[]): string {
  return words.join(' or ')
}

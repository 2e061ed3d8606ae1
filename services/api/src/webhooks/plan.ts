import { cutText } from '@switchyard/core'
import type { ExecutionMode, Priority, TaskSource } from '@switchyard/core'
import { matchRule } from '../rules/match-rule.ts'
import type { Rule } from '../rules/rule.ts'
import { templateView } from '../rules/template-view.ts'
import type { ForgeEvent } from './forge-event.ts'
import { memberOf } from './json-object.ts'

/** A task to be created. The source lacks the delivery's id, which only whoever stores the delivery knows. */
export interface PlannedTask {
  readonly title: string
  readonly prompt: string
  readonly requires: readonly string[]
  readonly priority: Priority
  readonly executionMode: ExecutionMode
  readonly maxAttempts: number
  /** The issue or pull request, on which only one task at a time is worked; null for pushes and releases. */
  readonly concurrencyKey: string | null
  /** The same rule about the same object: while such a task is unfinished, another one is a duplicate. */
  readonly dedupeKey: string
  readonly source: Omit<TaskSource, 'delivery_id'>
}

/** The unfinished tasks with this key are to be cancelled. */
export interface PlannedCancel {
  readonly concurrencyKey: string
  readonly reason: string
}

export type DeliveryPlan =
  /** `cancelFirst` is there when a rule wants a task although (or because) the thing was closed. */
  | {
      readonly kind: 'task'
      readonly rule: string
      readonly task: PlannedTask
      readonly cancelFirst: PlannedCancel | null
      /** The labels that made the rule match, when only a comparison with an earlier delivery tells which are new. */
      readonly triggerLabels: readonly string[] | null
    }
  | ({ readonly kind: 'cancel' } & PlannedCancel)
  | { readonly kind: 'ignored'; readonly reason: string }

export interface PlanOptions {
  /** The login agents act under on the forge, when it is known. */
  readonly botUser: string | null
}

const LONGEST_TITLE = 200
const LONGEST_REASON = 500
const MOST_EXPLAINED_RULES = 5

/** What the bot does on purpose to hand work over; everything else it does would make it react to itself. */
const HAND_OFF_ACTIONS = ['label_updated', 'assigned', 'review_requested']

/** Decides what a delivery means. Pure: the same event and rules give the same plan. */
export function planDelivery(event: ForgeEvent, rules: readonly Rule[], options: PlanOptions): DeliveryPlan {
  const reason = reasonToIgnore(event, options.botUser)
  if (reason !== null) return ignored(reason)

  const cancel = cancelOf(event)
  const rule = rules.find((candidate) => matchRule(candidate, event).fits)
  if (rule === undefined) {
    return cancel === null ? ignored(explainNoMatch(event, rules)) : { kind: 'cancel', ...cancel }
  }
  if (event.object === null) {
    return ignored(
      `the rule ${rule.name} matched, but the payload does not say which repository, number or ref it is about`,
    )
  }
  return {
    kind: 'task',
    rule: rule.name,
    task: taskOf(event, rule, event.object),
    cancelFirst: cancel,
    triggerLabels: triggerLabelsOf(event, rule),
  }
}

function triggerLabelsOf(event: ForgeEvent, rule: Rule): string[] | null {
  if (event.action !== 'label_updated' || event.addedLabels !== null || rule.labels.length === 0) return null
  const wanted = new Set(rule.labels.map((label) => label.toLowerCase()))
  return event.labels.filter((label) => wanted.has(label.toLowerCase()))
}

function reasonToIgnore(event: ForgeEvent, botUser: string | null): string | null {
  if (event.event === '') return 'the delivery does not name its event: the X-Forgejo-Event header is missing'
  if (isTestDelivery(event)) return 'test delivery received, the webhook works'
  if (event.event === 'push' && event.headSha === null)
    return 'a branch or tag was deleted, there is nothing to work on'
  const isBot = botUser !== null && event.sender?.toLowerCase() === botUser.toLowerCase()
  if (isBot && !HAND_OFF_ACTIONS.includes(event.action ?? '')) {
    return `sent by ${botUser}, the bot itself: only its labels, assignments and review requests are listened to`
  }
  return null
}

/** The forge's “test delivery” button sends a push that moves nothing; a real push always does. */
function isTestDelivery(event: ForgeEvent): boolean {
  const before = memberOf(event.payload, 'before')
  return event.event === 'push' && typeof before === 'string' && before === memberOf(event.payload, 'after')
}

function cancelOf(event: ForgeEvent): PlannedCancel | null {
  const { action } = event
  const isThread = event.event === 'issues' || event.event === 'pull_request'
  if (!isThread || (action !== 'closed' && action !== 'deleted') || event.object === null) return null
  const thing = event.event === 'issues' ? 'issue' : 'pull request'
  const by = event.sender === null ? '' : ` by ${event.sender}`
  return {
    concurrencyKey: event.object,
    reason: cutText(`the ${thing} was ${action}${by}`, LONGEST_REASON),
  }
}

function taskOf(event: ForgeEvent, rule: Rule, object: string): PlannedTask {
  const view = templateView(event, rule)
  const title = rule.task.title.render(view).replace(/\s+/g, ' ').trim()
  const prompt = rule.task.prompt.render(view).trim()
  const fallback = `${rule.name}: ${object}`
  return {
    title: cutText(title === '' ? fallback : title, LONGEST_TITLE),
    prompt: prompt === '' ? `${fallback}\n${event.url ?? ''}`.trim() : prompt,
    requires: rule.task.requires,
    priority: rule.task.priority,
    executionMode: rule.task.executionMode,
    maxAttempts: rule.task.maxAttempts,
    concurrencyKey: event.number === null ? null : object,
    dedupeKey: `${rule.name} ${object}`,
    source: {
      kind: event.forge,
      repository: event.repository,
      issue_number: event.number,
      url: event.url,
      event: event.event,
      action: event.action,
      sender: event.sender,
    },
  }
}

function explainNoMatch(event: ForgeEvent, rules: readonly Rule[]): string {
  if (rules.length === 0) return 'no rule matched: there are no rules'
  const named = rules.map((rule) => ({ name: rule.name, verdict: matchRule(rule, event) }))
  const near = named.filter(({ verdict }) => !verdict.fits && !verdict.otherEvent)
  if (near.length === 0) return `no rule is about the event “${event.event}”`
  if (near.length > MOST_EXPLAINED_RULES)
    return `no rule matched: all ${near.length} rules about ${event.event} want something else`
  const reasons = near.map(({ name, verdict }) => (verdict.fits ? name : `${name} ${verdict.because}`))
  return `no rule matched: ${reasons.join('; ')}`
}

function ignored(reason: string): DeliveryPlan {
  return { kind: 'ignored', reason: cutText(reason, LONGEST_REASON) }
}

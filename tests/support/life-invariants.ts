import { ENDED_STATUSES, TRANSITIONS } from '@switchyard/core'
import type { TaskEventName, TaskStatus, Transition } from '@switchyard/core'
import type { Queryable } from '@switchyard/store'

interface RecordedEvent {
  readonly event: TaskEventName
  readonly from: TaskStatus | null
  readonly to: TaskStatus
  readonly token: string | null
}

interface RecordedTask {
  readonly id: string
  readonly status: TaskStatus
  readonly finished: boolean
  readonly countedAttempts: number
  readonly maxAttempts: number
  readonly concurrencyKey: string | null
  readonly events: readonly RecordedEvent[]
}

const RECORDED = /* sql */ `
  select t.id, t.status, t.finished_at is not null as finished, t.attempt - t.forgiven_attempts as "countedAttempts",
         t.max_attempts as "maxAttempts", t.concurrency_key as "concurrencyKey",
         (select json_agg(json_build_object('event', e.event, 'from', e.from_status, 'to', e.to_status, 'token', e.lease_token)
                          order by e.id)
            from task_events e where e.task_id = t.id) as events
    from tasks t order by t.id`

const TABLE: Readonly<Record<string, Transition>> = TRANSITIONS

/** What is wrong with the tasks that are stored, in words. Empty when every life followed the rules. */
export async function findBrokenRules(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<RecordedTask>(RECORDED)
  const active = rows.filter(({ status }) => status !== 'waiting' && !hasEnded(status))
  const keys = active.flatMap(({ concurrencyKey }) => concurrencyKey ?? [])
  return [
    ...rows.flatMap((task) => brokenRulesOf(task).map((rule) => `${task.id}: ${rule}`)),
    ...keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `two active tasks of ${key}`),
  ]
}

function brokenRulesOf(task: RecordedTask): string[] {
  const broken: string[] = []
  let status: TaskStatus | null = null
  let liveToken: string | null = null
  for (const { event, from, to, token } of task.events) {
    if (from !== status) broken.push(`${event} from ${from ?? 'nothing'}, but it was ${status ?? 'nothing'}`)
    const transition = TABLE[event]
    if (transition === undefined && event !== 'created' && from !== to) broken.push(`${event} moved it`)
    if (
      transition !== undefined &&
      (from === null || !transition.from.includes(from) || transition.to !== to)
    )
      broken.push(`${event} from ${from ?? 'nothing'} to ${to} is not in the table`)
    // Whoever takes an orphan gets a token of its own, which shows only when something comes of it.
    if (event === 'claim' || from === 'orphaned') liveToken = token
    else if (token !== null && token !== liveToken) broken.push(`${event} with a token that was not live`)
    status = to
  }
  if (status !== task.status)
    broken.push(`the last event says ${status ?? 'nothing'}, the row ${task.status}`)
  if (task.finished !== hasEnded(task.status)) broken.push('finished_at and the status disagree')
  if (task.countedAttempts > task.maxAttempts) broken.push(`${task.countedAttempts} attempts counted`)
  return broken
}

function hasEnded(status: TaskStatus): boolean {
  return ENDED_STATUSES.some((ended) => ended === status)
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from '@switchyard/store'

interface AuditedTask {
  readonly id: string
  readonly status: string
  readonly attempt: number
  readonly requestedMode: string
  readonly executionMode: string
  readonly agentId: string | null
}

interface AuditedEvent {
  readonly taskId: string
  readonly event: string
  readonly fromStatus: string | null
  readonly toStatus: string | null
  readonly agentId: string | null
  readonly leaseToken: string | null
  readonly executionMode: string
  readonly attempt: number
}

export interface RoundAudit {
  readonly tasks: readonly AuditedTask[]
  /** Everything that is not as it must be, in sentences. */
  readonly faults: readonly string[]
}

/** Compares what the database, the events and those who executed say about a round. */
export async function auditRound(pool: Pool, directory: string, round: string): Promise<RoundAudit> {
  const { rows: tasks } = await pool.query<AuditedTask>(
    `select id, status, attempt, requested_mode as "requestedMode", execution_mode as "executionMode", agent_id as "agentId"
       from tasks where title = $1`,
    [round],
  )
  const { rows: events } = await pool.query<AuditedEvent>(
    `select e.task_id as "taskId", e.event, e.from_status as "fromStatus", e.to_status as "toStatus", e.agent_id as "agentId",
            e.lease_token as "leaseToken", e.execution_mode as "executionMode", e.attempt
       from task_events e join tasks t on t.id = e.task_id
      where t.title = $1
      order by e.task_id, e.id`,
    [round],
  )
  const lines = (await readFile(join(directory, `${round}.ledger`), 'utf8')).trim().split('\n')
  const storyOf = groupBy(events, ({ taskId }) => taskId)
  const executionsOf = groupBy(lines, (line) => line.split(' ')[0]!)
  const known = new Set(tasks.map(({ id }) => id))
  return {
    tasks,
    faults: [
      ...lines
        .filter((line) => !known.has(line.split(' ')[0]!))
        .map((line) => `nobody knows the task of “${line}”`),
      ...tasks.flatMap((task) => [
        ...auditTask(task),
        ...auditExecutions(task, executionsOf.get(task.id) ?? []),
        ...auditStory(task, storyOf.get(task.id) ?? []),
      ]),
    ],
  }
}

function auditTask(task: AuditedTask): string[] {
  const faults: string[] = []
  if (task.status !== 'succeeded') faults.push(`task ${task.id} is ${task.status}`)
  if (task.requestedMode !== 'undecided' && task.executionMode !== task.requestedMode)
    faults.push(`task ${task.id} was ${task.requestedMode} by request and became ${task.executionMode}`)
  if ((task.executionMode === 'ssh_cli') !== (task.agentId?.startsWith('host-') ?? false))
    faults.push(`task ${task.id} is ${task.executionMode} and was done by ${String(task.agentId)}`)
  return faults
}

/** Executed exactly once, by the one whom the database names. */
function auditExecutions(task: AuditedTask, lines: readonly string[]): string[] {
  const expected = `${task.id} ${task.attempt} ${String(task.agentId)}`
  return lines.length === 1 && lines[0] === expected
    ? []
    : [`“${expected}” should be in the ledger once, but there is [${lines.join('; ')}]`]
}

/** One owner at a time: between two claims lies an end of the first, and only the owner ends or starts anything. */
function auditStory(task: AuditedTask, story: readonly AuditedEvent[]): string[] {
  const faults: string[] = []
  let status: string | null = null
  let owner: AuditedEvent | null = null
  for (const event of story) {
    if (event.fromStatus !== status)
      faults.push(
        `task ${task.id}: ${event.event} began at ${String(event.fromStatus)}, but it was ${String(status)}`,
      )
    if (event.event === 'claim') {
      if (owner !== null)
        faults.push(
          `task ${task.id} was claimed by ${String(event.agentId)}, but ${String(owner.agentId)} had it`,
        )
      owner = event
    } else if (owner !== null && (event.leaseToken !== owner.leaseToken || event.agentId !== owner.agentId)) {
      faults.push(
        `task ${task.id}: ${event.event} by ${String(event.agentId)}, but ${String(owner.agentId)} had it`,
      )
    }
    if (event.toStatus === 'pending' || event.event === 'succeed') owner = null
    status = event.toStatus
  }
  const last = story.at(-1)
  const agrees =
    last?.event === 'succeed' &&
    last.agentId === task.agentId &&
    last.attempt === task.attempt &&
    last.executionMode === task.executionMode
  if (!agrees) faults.push(`task ${task.id} and its last event disagree: ${JSON.stringify([task, last])}`)
  const ends = story.filter(({ event }) => event === 'succeed').length
  if (ends !== 1) faults.push(`task ${task.id} succeeded ${ends} times`)
  return faults
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

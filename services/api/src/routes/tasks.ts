import { createHash } from 'node:crypto'
import { ROUTES } from '@switchyard/contract'
import type { RouteInput } from '@switchyard/contract'
import {
  DEFAULT_EXECUTION_MODE,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_PRIORITY,
  normalizeLabels,
  TRANSITIONS,
  UNHELD_STATUSES,
} from '@switchyard/core'
import type { Task, TaskStatus } from '@switchyard/core'
import { assignTask, cancelTask, listTaskEvents, rerunTask } from '@switchyard/store'
import type { NewTask } from '@switchyard/store'
import type { Principal } from '../authenticate.ts'
import type { ApiContext } from '../context.ts'
import { bind, invalidRequest } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { Problem } from '../problem.ts'
import { eventToWire, taskToWire } from '../wire/to-wire.ts'
import { findTask } from './find-task.ts'

/** Creating, reading and steering tasks: what coordinators do. */
export function bindTasks(binding: Binding, context: ApiContext): void {
  const { pool, clock, waker, events, intake } = context

  bind(binding, ROUTES.createTask, async (input, { principal }) => {
    const created = await intake.create(newTaskFrom(input, principal))
    if (created.kind === 'idempotency_key_reused') {
      throw new Problem(
        'idempotency_key_reused',
        `The Idempotency-Key made task ${created.task.id} from another body.`,
        {
          task_id: created.task.id,
        },
      )
    }
    if (created.kind === 'created') {
      events.taskCreated(created.task.id)
      waker.wake()
    }
    return { status: 201, body: taskToWire(created.task) }
  })

  bind(binding, ROUTES.getTask, async ({ params }, { principal }) => {
    const task = await findTask(pool, params.task_id)
    if (principal.role === 'agent' && ![task.agentId, task.assignedAgentId].includes(principal.agent.id)) {
      throw new Problem(
        'not_your_task',
        `Task ${task.id} is neither held by ${principal.agent.id} nor assigned to it.`,
      )
    }
    return { status: 200, body: taskToWire(task) }
  })

  bind(binding, ROUTES.getTaskEvents, async ({ params }) => {
    await findTask(pool, params.task_id)
    return { status: 200, body: { events: (await listTaskEvents(pool, params.task_id)).map(eventToWire) } }
  })

  bind(binding, ROUTES.assignTask, async ({ params, body }, { principal }) => {
    const assigned = await assignTask(pool, {
      taskId: params.task_id,
      agentId: body.agent_id,
      executionMode: body.execution_mode ?? null,
      actor: principal.actor,
      now: clock.sqlNow(),
    })
    switch (assigned.kind) {
      case 'assigned':
        waker.wake()
        return { status: 200, body: taskToWire(assigned.task) }
      case 'task_not_found':
        throw new Problem('task_not_found', `There is no task ${params.task_id}.`)
      case 'agent_not_found':
        throw new Problem('agent_not_found', `There is no agent or host ${body.agent_id}.`)
      case 'invalid_state':
        throw invalidState(assigned.task, UNHELD_STATUSES, 'be assigned')
      case 'mode_mismatch':
        throw new Problem(
          'mode_mismatch',
          describeMismatch(assigned.task, body.agent_id, assigned.agentMode, body.execution_mode),
          {
            agent_mode: assigned.agentMode,
            expected_mode:
              assigned.task.requestedMode === 'undecided' ? assigned.agentMode : assigned.task.requestedMode,
          },
        )
    }
  })

  bind(binding, ROUTES.cancelTask, async ({ params, body }, { principal }) => {
    const reason = body.reason ?? `cancelled by ${principal.actor}`
    const cancelled = await cancelTask(pool, params.task_id, {
      reason,
      actor: principal.actor,
      now: clock.sqlNow(),
    })
    if (cancelled !== null) {
      waker.wake()
      return { status: 200, body: taskToWire(cancelled) }
    }
    const task = await findTask(pool, params.task_id)
    if (task.status === TRANSITIONS.cancel.to) return { status: 200, body: taskToWire(task) }
    throw invalidState(task, [...TRANSITIONS.cancel.from, ...TRANSITIONS.confirm_cancel.from], 'be cancelled')
  })

  bind(binding, ROUTES.rerunTask, async ({ params }, { principal }) => {
    const rerun = await rerunTask(pool, params.task_id, { actor: principal.actor, now: clock.sqlNow() })
    switch (rerun.kind) {
      case 'rerun':
        waker.wake()
        return { status: 200, body: taskToWire(rerun.task) }
      case 'already_active':
        throw new Problem(
          'already_active',
          `Task ${rerun.rival?.id ?? 'another one'} is for the same object and is ${rerun.rival?.status ?? 'unfinished'}.`,
          {
            task_id: rerun.rival?.id ?? null,
          },
        )
      case 'not_ended':
        throw invalidState(await findTask(pool, params.task_id), TRANSITIONS.rerun.from, 'be run again')
    }
  })
}

function newTaskFrom({ body, headers }: RouteInput<typeof ROUTES.createTask>, principal: Principal): NewTask {
  const key = headers['idempotency-key']
  const requestedMode = body.execution_mode ?? DEFAULT_EXECUTION_MODE
  return {
    title: body.title,
    prompt: body.prompt,
    requestedMode,
    modeReason:
      body.execution_mode === undefined
        ? 'the creator left it open'
        : `the creator asked for ${requestedMode}`,
    priority: body.priority ?? DEFAULT_PRIORITY,
    requires: normalizeLabels(body.requires ?? []),
    concurrencyKey: body.concurrency_key ?? null,
    maxAttempts: body.max_attempts ?? DEFAULT_MAX_ATTEMPTS,
    runAt: instantFrom(body.run_at),
    source: {
      kind: 'api',
      repository: body.source?.repository ?? null,
      issue_number: body.source?.issue_number ?? null,
      url: body.source?.url ?? null,
      event: null,
      action: null,
      sender: null,
      delivery_id: null,
    },
    rule: null,
    dedupeKey: null,
    createdBy: principal.actor,
    idempotency:
      key === undefined
        ? null
        : { key, hash: createHash('sha256').update(JSON.stringify(body)).digest('hex') },
  }
}

/** The instants that PostgreSQL reads as JavaScript writes them: it has no year 0, and a year of five digits is something else to it. */
const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00Z')
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z')

/** RFC 3339 knows leap seconds and offsets that JavaScript does not, and a year that PostgreSQL does not. */
function instantFrom(text: string | undefined): Date | null {
  if (text === undefined) return null
  const instant = new Date(text)
  if (instant.getTime() >= FIRST_INSTANT && instant.getTime() <= LAST_INSTANT) return instant
  const message = `must be an instant like ${new Date(0).toISOString()}, not ${JSON.stringify(text)}`
  throw invalidRequest([{ path: 'body.run_at', message }])
}

function invalidState(task: Task, allowed: readonly TaskStatus[], deed: string): Problem {
  return new Problem(
    'invalid_state',
    `Task ${task.id} is ${task.status}; only a task that is ${allowed.join(', ')} can ${deed}.`,
    {
      task_status: task.status,
      allowed_statuses: allowed,
      agent_id: task.agentId,
    },
  )
}

function describeMismatch(
  task: Task,
  agentId: string,
  agentMode: string,
  wanted: string | undefined,
): string {
  if (wanted !== undefined && wanted !== agentMode) {
    return `${agentId} is an ${agentMode} agent, and the request asks for ${wanted}.`
  }
  return `${agentId} is an ${agentMode} agent, and the creator of the task asked for ${task.requestedMode}.`
}

import type { CandidateVerdict, Task, TaskStatus } from '@switchyard/core'
import type { Dispatcher } from '@switchyard/store'

export interface RoutingFacts {
  readonly task: Task
  readonly verdicts: readonly CandidateVerdict[]
  readonly ahead: number
  readonly predecessor: { readonly id: string; readonly status: TaskStatus } | null
  /** Those that are alive. */
  readonly dispatchers: readonly Dispatcher[]
  readonly undecidedTimeoutSeconds: number
}

export interface RoutingExplanation {
  readonly explanation: string
  /** What happens next by itself; `at` is null when it depends on somebody. */
  readonly nextAction: { readonly at: Date | null; readonly what: string } | null
}

/** Why a task is where it is, in sentences a person or a language model can act on. Pure. */
export function explainRouting(facts: RoutingFacts): RoutingExplanation {
  const { task } = facts
  switch (task.status) {
    case 'waiting':
      return explainWaiting(facts)
    case 'scheduled':
      return explainScheduled(facts)
    case 'pending':
      return explainPending(facts)
    case 'claimed':
      return {
        explanation: `${holderOf(task)} took it and has not yet shown that it started.`,
        nextAction: { at: task.leaseExpiresAt, what: 'it goes back to the queue unless the holder starts' },
      }
    case 'running':
      return {
        explanation: `${holderOf(task)} is working on it${task.cancelRequestedAt === null ? '' : ', and has been asked to stop'}.`,
        nextAction: { at: task.leaseExpiresAt, what: 'its lease ends unless the holder sends a heartbeat' },
      }
    case 'orphaned':
      return {
        explanation: `Nobody follows its run on ${holderOf(task)}, where it may still be going on: ${task.orphanReason ?? 'its dispatcher is gone'}.`,
        nextAction: isDispatching(facts)
          ? { at: task.leaseExpiresAt, what: 'a dispatcher looks for it on its host' }
          : { at: null, what: 'a dispatcher is started' },
      }
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return {
        explanation: `It ended: ${task.status}${task.error === null ? '' : ` (${task.error.message})`}.`,
        nextAction: null,
      }
  }
}

function explainScheduled(facts: RoutingFacts): RoutingExplanation {
  const { task } = facts
  const cause =
    task.error === null
      ? 'It was created to run later.'
      : `Its last attempt failed (${task.error.message}), and it is tried again after a pause.`
  if (isDispatching(facts)) {
    return { explanation: cause, nextAction: { at: task.runAt, what: 'it becomes pending' } }
  }
  return {
    explanation: `${cause} No dispatcher is running, and only a dispatcher makes it pending.`,
    nextAction: { at: null, what: 'a dispatcher is started' },
  }
}

function explainWaiting(facts: RoutingFacts): RoutingExplanation {
  const { task, predecessor } = facts
  const key = task.concurrencyKey ?? ''
  if (predecessor === null) {
    const turn = `Tasks with the concurrency key “${key}” run one at a time, and its turn has come.`
    return isDispatching(facts)
      ? { explanation: turn, nextAction: { at: null, what: 'a dispatcher admits it in its next cycle' } }
      : {
          explanation: `${turn} No dispatcher is running to admit it.`,
          nextAction: { at: null, what: 'a dispatcher is started' },
        }
  }
  return {
    explanation: `Tasks with the concurrency key “${key}” run one at a time, and task ${predecessor.id} is ${predecessor.status}.`,
    nextAction: { at: null, what: `task ${predecessor.id} ends` },
  }
}

function explainPending(facts: RoutingFacts): RoutingExplanation {
  const { task, verdicts, ahead, undecidedTimeoutSeconds } = facts
  const sentences = [obstacle(facts)]
  if (ahead > 0) sentences.push(`${ahead} pending task(s) stand before it.`)
  if (task.executionMode !== 'undecided')
    return { explanation: sentences.join(' '), nextAction: whoActs(verdicts) }
  if (!isDispatching(facts)) {
    sentences.push('No dispatcher is running: hosts get nothing, and it stays undecided.')
    const what = 'an agent dequeues it, or a dispatcher is started'
    return { explanation: sentences.join(' '), nextAction: { at: null, what } }
  }
  const flipAt = new Date((task.pendingSince ?? task.createdAt).getTime() + undecidedTimeoutSeconds * 1_000)
  return {
    explanation: sentences.join(' '),
    nextAction: { at: flipAt, what: 'it becomes http_pull unless a host or an agent takes it first' },
  }
}

function obstacle(facts: RoutingFacts): string {
  const { task, verdicts } = facts
  const relevant = verdicts.filter(({ verdict }) => verdict !== 'wrong_mode' && verdict !== 'not_assigned')
  const needed = task.requires.length === 0 ? '' : ` with the labels ${task.requires.join(', ')}`
  const track =
    task.executionMode === 'undecided' ? 'host or agent' : task.executionMode === 'ssh_cli' ? 'host' : 'agent'
  if (task.executionMode === 'ssh_cli' && !isDispatching(facts)) {
    return 'Only a host may take it, and no dispatcher is running.'
  }
  if (task.assignedAgentId !== null) return explainAssigned(task.assignedAgentId, relevant)
  if (relevant.length === 0) return `No ${track} is known.`
  const available = relevant.filter(({ verdict }) => verdict === 'available')
  if (available.length > 0) return `${namesOf(available)} could take it and has not done so yet.`
  if (relevant.every(({ verdict }) => verdict === 'no_match')) return `No ${track}${needed} is known.`
  const fitting = relevant.filter(({ verdict }) => verdict !== 'no_match')
  return `No ${track}${needed} can take it now: ${fitting.map(({ agentId, reason }) => `${agentId}: ${reason}`).join('; ')}.`
}

function explainAssigned(agentId: string, verdicts: readonly CandidateVerdict[]): string {
  const assignee = verdicts.find((verdict) => verdict.agentId === agentId)
  if (assignee === undefined)
    return `It is assigned to ${agentId}, which no longer exists: assign it to another one.`
  const reason = assignee.verdict === 'available' ? 'which has not taken it yet' : `and ${assignee.reason}`
  return `It is assigned to ${agentId}, ${reason}.`
}

function whoActs(verdicts: readonly CandidateVerdict[]): RoutingExplanation['nextAction'] {
  const cooling = verdicts.flatMap(({ verdict, until }) =>
    verdict === 'cooling_down' && until !== null ? [until] : [],
  )
  if (verdicts.some(({ verdict }) => verdict === 'available'))
    return { at: null, what: 'one that could take it asks for work' }
  const [soonest] = cooling.sort((a, b) => a.getTime() - b.getTime())
  if (soonest !== undefined) return { at: soonest, what: 'a host that failed is tried again' }
  if (verdicts.some(({ verdict }) => verdict === 'full')) return { at: null, what: 'a slot becomes free' }
  if (verdicts.some(({ verdict }) => verdict === 'unreachable'))
    return { at: null, what: 'a dispatcher tries the host again in its next cycle' }
  return { at: null, what: 'somebody who fits is registered, resumed or starts asking for work' }
}

function namesOf(verdicts: readonly CandidateVerdict[]): string {
  const names = verdicts.map(({ agentId }) => agentId)
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}

function holderOf(task: Task): string {
  return task.agentId ?? 'Somebody'
}

function isDispatching({ dispatchers }: RoutingFacts): boolean {
  return dispatchers.some(({ draining }) => !draining)
}

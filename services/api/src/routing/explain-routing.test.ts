import { describe, expect, it } from '@jest/globals'
import { judge, TASK_STATUSES } from '@switchyard/core'
import type { Candidate, Task, TaskStatus } from '@switchyard/core'
import type { Dispatcher } from '@switchyard/store'
import { explainRouting } from './explain-routing.ts'

const now = new Date('2030-01-01T00:00:00Z')
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1_000)

const pending: Task = {
  id: '0190a0a0-0000-7000-8000-000000000001',
  title: 'Fix it',
  prompt: 'It is broken.',
  status: 'pending',
  executionMode: 'undecided',
  requestedMode: 'undecided',
  modeDecidedBy: 'creator',
  modeDecidedAt: now,
  modeReason: 'the creator left it open',
  priority: 3,
  requires: ['gpu'],
  concurrencyKey: null,
  rule: null,
  source: {
    kind: 'api',
    repository: null,
    issue_number: null,
    url: null,
    event: null,
    action: null,
    sender: null,
    delivery_id: null,
  },
  agentId: null,
  assignedAgentId: null,
  attempt: 0,
  forgivenAttempts: 0,
  maxAttempts: 3,
  deliveries: 0,
  leaseExpiresAt: null,
  orphanedAt: null,
  orphanReason: null,
  cancelRequestedAt: null,
  cancelReason: null,
  progress: null,
  runAt: null,
  createdAt: now,
  pendingSince: now,
  claimedAt: null,
  startedAt: null,
  finishedAt: null,
  result: null,
  error: null,
}
const host: Candidate = {
  agentId: 'host-1',
  executionMode: 'ssh_cli',
  labels: ['gpu'],
  maxConcurrent: 1,
  held: 0,
  paused: false,
  coolingDownUntil: null,
  lastError: null,
  blockedReason: null,
  lastSeenAt: now,
}
const agent: Candidate = { ...host, agentId: 'agent-1', executionMode: 'http_pull', maxConcurrent: null }
const alive: Dispatcher = { id: 'one', startedAt: now, lastCycleAt: later(-5), draining: false }

function explain(
  task: Partial<Task>,
  candidates: readonly Candidate[] = [],
  rest: Partial<Parameters<typeof explainRouting>[0]> = {},
) {
  const whole = { ...pending, ...task }
  return explainRouting({
    task: whole,
    verdicts: candidates.map((candidate) => judge(whole, candidate, now)),
    ahead: 0,
    predecessor: null,
    dispatchers: [alive],
    undecidedTimeoutSeconds: 30,
    ...rest,
  })
}

describe('every status', () => {
  const error = { code: 'exit_code', message: 'it exited with 1' }
  const table: Record<TaskStatus, [Partial<Task>, string, { at: Date | null; what: string } | null]> = {
    waiting: [
      { concurrencyKey: 'acme/shop#1' },
      'Tasks with the concurrency key “acme/shop#1” run one at a time, and its turn has come.',
      { at: null, what: 'a dispatcher admits it in its next cycle' },
    ],
    scheduled: [
      { runAt: later(60) },
      'It was created to run later.',
      { at: later(60), what: 'it becomes pending' },
    ],
    pending: [
      {},
      'No host or agent is known.',
      { at: later(30), what: 'it becomes http_pull unless a host or an agent takes it first' },
    ],
    claimed: [
      { agentId: 'agent-1', leaseExpiresAt: later(30) },
      'agent-1 took it and has not yet shown that it started.',
      { at: later(30), what: 'it goes back to the queue unless the holder starts' },
    ],
    running: [
      { agentId: 'agent-1', leaseExpiresAt: later(90) },
      'agent-1 is working on it.',
      { at: later(90), what: 'its lease ends unless the holder sends a heartbeat' },
    ],
    orphaned: [
      { agentId: 'host-1', leaseExpiresAt: later(-1), orphanReason: 'host host-1 cannot be reached' },
      'Nobody follows its run on host-1, where it may still be going on: host host-1 cannot be reached.',
      { at: later(-1), what: 'a dispatcher looks for it on its host' },
    ],
    succeeded: [{ finishedAt: now }, 'It ended: succeeded.', null],
    failed: [{ finishedAt: now, error }, 'It ended: failed (it exited with 1).', null],
    cancelled: [{ finishedAt: now }, 'It ended: cancelled.', null],
  }

  it.each(TASK_STATUSES)('%s is explained, with what happens next', (status) => {
    const [task, explanation, nextAction] = table[status]
    expect(explain({ ...task, status })).toEqual({ explanation, nextAction })
  })

  it('a waiting task names its predecessor', () => {
    const predecessor = { id: 'the-first', status: 'running' as const }
    const told = explain({ status: 'waiting', concurrencyKey: 'k' }, [], { predecessor })
    expect(told.explanation).toContain('task the-first is running')
    expect(told.nextAction).toEqual({ at: null, what: 'task the-first ends' })
  })

  it('a retried task says what its last attempt failed of', () => {
    expect(explain({ status: 'scheduled', runAt: later(9), error }).explanation).toBe(
      'Its last attempt failed (it exited with 1), and it is tried again after a pause.',
    )
  })

  it('a running task that is to stop says so', () => {
    const told = explain({ status: 'running', agentId: 'a', leaseExpiresAt: now, cancelRequestedAt: now })
    expect(told.explanation).toBe('a is working on it, and has been asked to stop.')
  })
})

describe('every verdict on a pending task', () => {
  const cases: [string, Partial<Task>, Candidate[], string, { at: Date | null; what: string } | null][] = [
    [
      'available',
      { executionMode: 'ssh_cli' },
      [host],
      'host-1 could take it and has not done so yet.',
      { at: null, what: 'one that could take it asks for work' },
    ],
    [
      'no_match',
      { executionMode: 'ssh_cli' },
      [{ ...host, labels: [] }],
      'No host with the labels gpu is known.',
      { at: null, what: 'somebody who fits is registered, resumed or starts asking for work' },
    ],
    [
      'full',
      { executionMode: 'ssh_cli' },
      [{ ...host, held: 1 }],
      'No host with the labels gpu can take it now: host-1: 1 of 1 slots are taken.',
      { at: null, what: 'a slot becomes free' },
    ],
    [
      'paused',
      { executionMode: 'http_pull' },
      [{ ...agent, paused: true }],
      'No agent with the labels gpu can take it now: agent-1: it is paused.',
      { at: null, what: 'somebody who fits is registered, resumed or starts asking for work' },
    ],
    [
      'cooling_down',
      { executionMode: 'ssh_cli' },
      [{ ...host, coolingDownUntil: later(40), lastError: 'connection refused' }],
      `No host with the labels gpu can take it now: host-1: it failed (connection refused) and is left alone until ${later(40).toISOString()}.`,
      { at: later(40), what: 'a host that failed is tried again' },
    ],
    [
      'unreachable',
      { executionMode: 'ssh_cli' },
      [{ ...host, lastError: 'timed out' }],
      'No host with the labels gpu can take it now: host-1: its last dial failed (timed out); it is tried again in the next cycle.',
      { at: null, what: 'a dispatcher tries the host again in its next cycle' },
    ],
    [
      'silent',
      { executionMode: 'http_pull', requires: [] },
      [{ ...agent, lastSeenAt: null }],
      'No agent can take it now: agent-1: it has never asked for work.',
      { at: null, what: 'somebody who fits is registered, resumed or starts asking for work' },
    ],
    [
      'wrong_mode',
      { executionMode: 'http_pull' },
      [host],
      'No agent is known.',
      { at: null, what: 'somebody who fits is registered, resumed or starts asking for work' },
    ],
    [
      'not_assigned',
      { executionMode: 'http_pull', assignedAgentId: 'agent-1' },
      [
        { ...agent, paused: true },
        { ...agent, agentId: 'agent-2' },
      ],
      'It is assigned to agent-1, and it is paused.',
      { at: null, what: 'somebody who fits is registered, resumed or starts asking for work' },
    ],
  ]

  it.each(cases)('%s', (verdict, task, candidates, explanation, nextAction) => {
    const whole = { ...pending, ...task }
    expect(candidates.map((candidate) => judge(whole, candidate, now).verdict)).toContain(verdict)
    expect(explain(task, candidates)).toEqual({ explanation, nextAction })
  })

  it('an assignee that is free, and one that is gone', () => {
    const task = { executionMode: 'http_pull', assignedAgentId: 'agent-1' } as const
    expect(explain(task, [agent]).explanation).toBe('It is assigned to agent-1, which has not taken it yet.')
    expect(explain(task, []).explanation).toContain('no longer exists')
  })

  it('an undecided task names both kinds, and how many stand before it', () => {
    const many = ['a', 'b', 'c', 'd'].map((agentId) => ({ ...agent, agentId }))
    expect(explain({}, [host, ...many], { ahead: 2 }).explanation).toBe(
      'host-1, a, b and 2 more could take it and has not done so yet. 2 pending task(s) stand before it.',
    )
  })
})

describe('without a dispatcher', () => {
  it.each([
    ['none', []],
    ['one that drains', [{ ...alive, draining: true }]],
  ])('%s: nothing is promised that only a dispatcher does', (_name, dispatchers) => {
    const undecided = explain({}, [host], { dispatchers })
    expect(undecided.explanation).toContain('No dispatcher is running')
    expect(undecided.nextAction?.at).toBeNull()
    expect(explain({ executionMode: 'ssh_cli' }, [host], { dispatchers }).explanation).toBe(
      'Only a host may take it, and no dispatcher is running.',
    )
    for (const status of ['scheduled', 'waiting'] as const) {
      const told = explain({ status, runAt: later(5), concurrencyKey: 'k' }, [], { dispatchers })
      expect(told.explanation).toContain('No dispatcher is running')
      expect(told.nextAction).toEqual({ at: null, what: 'a dispatcher is started' })
    }
  })
})

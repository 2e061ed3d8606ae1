import { describe, expect, it } from '@jest/globals'
import { judge, SILENT_AFTER_SECONDS } from './verdicts.ts'
import type { Candidate, JudgedTask } from './verdicts.ts'

const NOW = new Date('2026-01-01T12:00:00Z')
const task: JudgedTask = {
  executionMode: 'undecided',
  requires: ['linux'],
  assignedAgentId: null,
  agentId: null,
  modeDecidedBy: 'creator',
}
const host: Candidate = {
  agentId: 'build-host',
  executionMode: 'ssh_cli',
  labels: ['linux'],
  maxConcurrent: 2,
  held: 0,
  paused: false,
  coolingDownUntil: null,
  lastError: null,
  blockedReason: null,
  lastSeenAt: null,
}
const agent: Candidate = { ...host, agentId: 'laptop', executionMode: 'http_pull', lastSeenAt: NOW }

function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1_000)
}

describe('judge', () => {
  it.each<[string, Partial<JudgedTask>, Candidate, string]>([
    ['has the task', { agentId: 'build-host' }, host, 'chosen'],
    ['could take it', {}, host, 'available'],
    ['lacks a label', { requires: ['linux', 'gpu'] }, host, 'no_match'],
    ['is on the other track', { executionMode: 'http_pull' }, host, 'wrong_mode'],
    [
      'was slower',
      { agentId: 'laptop', executionMode: 'http_pull', modeDecidedBy: 'dequeue' },
      host,
      'lost_race',
    ],
    [
      'was slower on the track that was asked for',
      { agentId: 'other', executionMode: 'ssh_cli' },
      host,
      'lost_race',
    ],
    ['was never in the race', { agentId: 'laptop', executionMode: 'http_pull' }, host, 'wrong_mode'],
    ['is not the assignee', { assignedAgentId: 'laptop', executionMode: 'http_pull' }, host, 'not_assigned'],
    ['is paused', {}, { ...host, paused: true }, 'paused'],
    ['was found useless', {}, { ...host, blockedReason: 'the command is not there' }, 'unreachable'],
    ['cools down', {}, { ...host, coolingDownUntil: later(9), lastError: 'refused' }, 'cooling_down'],
    [
      'has cooled down and is to be tried',
      {},
      { ...host, coolingDownUntil: later(-1), lastError: 'refused' },
      'unreachable',
    ],
    ['has no free slot', {}, { ...host, held: 2 }, 'full'],
    ['has no limit', {}, { ...agent, maxConcurrent: null, held: 99 }, 'available'],
    ['never asked for work', {}, { ...agent, lastSeenAt: null }, 'silent'],
    ['stopped asking', {}, { ...agent, lastSeenAt: later(-SILENT_AFTER_SECONDS - 1) }, 'silent'],
  ])('of one that %s', (_what, change, candidate, verdict) => {
    expect(judge({ ...task, ...change }, candidate, NOW).verdict).toBe(verdict)
  })

  it('does not ask the labels of an assignee: the coordinator’s word counts', () => {
    const assigned = {
      ...task,
      requires: ['gpu'],
      assignedAgentId: 'build-host',
      executionMode: 'ssh_cli' as const,
    }
    expect(judge(assigned, host, NOW)).toMatchObject({ verdict: 'available', missingLabels: [] })
  })

  it('names the missing labels, and until when a host is left alone', () => {
    expect(judge({ ...task, requires: ['gpu', 'linux'] }, host, NOW).missingLabels).toEqual(['gpu'])
    expect(judge(task, { ...host, coolingDownUntil: later(9) }, NOW).until).toEqual(later(9))
  })
})

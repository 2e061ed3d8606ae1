import type { AgentMode, ExecutionMode } from './execution-mode.ts'
import { missingLabels } from './labels.ts'
import type { Decider } from './task.ts'

/** What the routing explanation says about one agent or host, seen from one task. */
export const VERDICTS = [
  'chosen',
  'available',
  'no_match',
  'full',
  'paused',
  'cooling_down',
  'unreachable',
  'not_assigned',
  'wrong_mode',
  'silent',
  'lost_race',
] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Candidate {
  readonly agentId: string
  readonly executionMode: AgentMode
  readonly labels: readonly string[]
  /** null: no limit. */
  readonly maxConcurrent: number | null
  readonly held: number
  readonly paused: boolean
  readonly coolingDownUntil: Date | null
  readonly lastError: string | null
  /** Why every run on this host would fail, as its last check found; null for agents. */
  readonly blockedReason: string | null
  readonly lastSeenAt: Date | null
}

export interface CandidateVerdict {
  readonly agentId: string
  readonly executionMode: AgentMode
  readonly verdict: Verdict
  readonly reason: string
  readonly missingLabels: readonly string[]
  readonly until: Date | null
}

/** An http_pull agent that has not called for this long is probably not running. */
export const SILENT_AFTER_SECONDS = 300

export interface JudgedTask {
  readonly executionMode: ExecutionMode
  readonly requires: readonly string[]
  readonly assignedAgentId: string | null
  /** Who has or had it; null while it waits for somebody. */
  readonly agentId: string | null
  readonly modeDecidedBy: Decider
}

/** Whoever claims an undecided task decides its track: then both tracks were in the race. */
const DECIDED_BY_CLAIM: readonly Decider[] = ['dispatcher', 'dequeue']

/** Why this agent has, could take, or cannot take this task. The first obstacle found is the verdict. */
export function judge(task: JudgedTask, candidate: Candidate, now: Date): CandidateVerdict {
  const { verdict, reason, until = null, missing = [] } = findVerdict(task, candidate, now)
  return {
    agentId: candidate.agentId,
    executionMode: candidate.executionMode,
    verdict,
    reason,
    missingLabels: missing,
    until,
  }
}

interface Found {
  verdict: Verdict
  reason: string
  until?: Date | null
  missing?: string[]
}

function findVerdict(task: JudgedTask, candidate: Candidate, now: Date): Found {
  if (task.agentId === candidate.agentId) return { verdict: 'chosen', reason: 'it has the task' }
  if (task.assignedAgentId !== null && task.assignedAgentId !== candidate.agentId) {
    return { verdict: 'not_assigned', reason: `the task is assigned to ${task.assignedAgentId}` }
  }
  const raced = task.agentId !== null && DECIDED_BY_CLAIM.includes(task.modeDecidedBy)
  if (!raced && task.executionMode !== 'undecided' && task.executionMode !== candidate.executionMode) {
    return {
      verdict: 'wrong_mode',
      reason: `the task is ${task.executionMode}, this one is ${candidate.executionMode}`,
    }
  }
  // An assignment by hand is the coordinator's decision: labels are not asked again.
  const missing = task.assignedAgentId === null ? missingLabels(task.requires, candidate.labels) : []
  if (missing.length > 0) return { verdict: 'no_match', reason: `it lacks ${missing.join(', ')}`, missing }
  if (candidate.paused) return { verdict: 'paused', reason: 'it is paused' }
  if (candidate.coolingDownUntil !== null && candidate.coolingDownUntil > now) {
    return {
      verdict: 'cooling_down',
      reason: `it failed (${candidate.lastError ?? 'unknown'}) and is left alone until ${candidate.coolingDownUntil.toISOString()}`,
      until: candidate.coolingDownUntil,
    }
  }
  if (candidate.blockedReason !== null) {
    return {
      verdict: 'unreachable',
      reason: `its last check found that no run would work there (${candidate.blockedReason}); it gets no task until a check is good`,
    }
  }
  if (candidate.maxConcurrent !== null && candidate.held >= candidate.maxConcurrent) {
    return { verdict: 'full', reason: `${candidate.held} of ${candidate.maxConcurrent} slots are taken` }
  }
  if (candidate.executionMode === 'ssh_cli' && candidate.lastError !== null) {
    return {
      verdict: 'unreachable',
      reason: `its last dial failed (${candidate.lastError}); it is tried again in the next cycle`,
    }
  }
  if (candidate.executionMode === 'http_pull' && isSilent(candidate.lastSeenAt, now)) {
    return {
      verdict: 'silent',
      reason:
        candidate.lastSeenAt === null
          ? 'it has never asked for work'
          : `it has not asked for work since ${candidate.lastSeenAt.toISOString()}`,
    }
  }
  if (task.agentId !== null) {
    return { verdict: 'lost_race', reason: `it could have taken the task; ${task.agentId} was first` }
  }
  return { verdict: 'available', reason: 'it could take the task' }
}

function isSilent(lastSeenAt: Date | null, now: Date): boolean {
  return lastSeenAt === null || now.getTime() - lastSeenAt.getTime() > SILENT_AFTER_SECONDS * 1000
}

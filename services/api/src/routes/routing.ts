import { ROUTES } from '@switchyard/contract'
import { judge } from '@switchyard/core'
import {
  countAhead,
  findPredecessor,
  listCandidates,
  listDispatchers,
  readDatabaseClock,
} from '@switchyard/store'
import type { ApiContext } from '../context.ts'
import { bind } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'
import { explainRouting } from '../routing/explain-routing.ts'
import { findTask } from './find-task.ts'

/** More candidates than a person reads. */
const MOST_CANDIDATES = 500

/** The answer to "why did this task go there, and why is that one waiting?". */
export function bindRouting(binding: Binding, { pool, config }: ApiContext): void {
  bind(binding, ROUTES.getTaskRouting, async ({ params }) => {
    const task = await findTask(pool, params.task_id)
    const now = await readDatabaseClock(pool)
    const candidates = await listCandidates(pool, MOST_CANDIDATES)
    const verdicts = candidates.map((candidate) => judge(task, candidate, now))
    const waits = task.status === 'waiting' && task.concurrencyKey !== null
    const ahead = task.status === 'pending' ? await countAhead(pool, task.id) : 0
    const { explanation, nextAction } = explainRouting({
      task,
      verdicts,
      ahead,
      predecessor: waits ? await findPredecessor(pool, task.concurrencyKey) : null,
      dispatchers: await listDispatchers(pool),
      undecidedTimeoutSeconds: config.SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS,
    })
    return {
      status: 200,
      body: {
        task_id: task.id,
        status: task.status,
        execution_mode: task.executionMode,
        requested_mode: task.requestedMode,
        decided_by: task.modeDecidedBy,
        decided_at: task.modeDecidedAt.toISOString(),
        reason: task.modeReason,
        explanation,
        next_action:
          nextAction === null
            ? null
            : { at: nextAction.at === null ? null : nextAction.at.toISOString(), what: nextAction.what },
        ahead,
        candidates: verdicts.map((verdict) => ({
          agent_id: verdict.agentId,
          execution_mode: verdict.executionMode,
          verdict: verdict.verdict,
          reason: verdict.reason,
          missing_labels: [...verdict.missingLabels],
          until: verdict.until === null ? null : verdict.until.toISOString(),
        })),
      },
    }
  })
}

import type { ExecutionMode, Priority } from '@switchyard/core'
import type { GlobList } from './glob-list.ts'
import type { RuleEvent } from './rule-events.ts'
import type { Template } from './template.ts'

/** What makes a task out of an event. A condition that is null or empty asks for nothing. */
export interface Rule {
  readonly name: string
  readonly events: readonly RuleEvent[]
  /** null: the usual ones of each event, see USUAL_ACTIONS. */
  readonly actions: readonly string[] | null
  readonly labels: readonly string[]
  readonly withoutLabels: readonly string[]
  readonly assignee: string | null
  readonly commentPrefix: string | null
  readonly repositories: GlobList | null
  readonly senders: GlobList | null
  readonly task: TaskRecipe
}

/** What the task will look like. */
export interface TaskRecipe {
  readonly title: Template
  readonly prompt: Template
  readonly requires: readonly string[]
  readonly priority: Priority
  readonly executionMode: ExecutionMode
  readonly maxAttempts: number
}

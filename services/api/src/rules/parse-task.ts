import {
  DEFAULT_EXECUTION_MODE,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_PRIORITY,
  EXECUTION_MODES,
  isExecutionMode,
  LEAST_URGENT,
  MOST_ATTEMPTS,
  MOST_URGENT,
  normalizeLabels,
  PRIORITIES,
  type ExecutionMode,
  type Priority,
} from '@switchyard/core'
import { DEFAULT_PROMPT, DEFAULT_TITLE } from './default-templates.ts'
import type { TaskRecipe } from './rule.ts'
import { parseTemplate, type Template } from './template.ts'
import {
  offsetInText,
  readMapping,
  readText,
  readTexts,
  readWholeNumber,
  reportAt,
  reportUnknown,
  type YamlReading,
  type YamlValue,
} from '@switchyard/platform'

export const TASK_KEYS = ['title', 'prompt', 'requires', 'priority', 'execution_mode', 'max_attempts']

/** The `task:` part of a rule; whatever it leaves out is the default. */
export function parseTask(reading: YamlReading, value: YamlValue | null): TaskRecipe {
  const members =
    (value === null ? null : readMapping(reading, value, TASK_KEYS)) ?? new Map<string, YamlValue>()
  return {
    title: readTemplate(reading, members.get('title')) ?? DEFAULT_TITLE,
    prompt: readTemplate(reading, members.get('prompt')) ?? DEFAULT_PROMPT,
    requires: readRequires(reading, members.get('requires')),
    priority: readPriority(reading, members.get('priority')),
    executionMode: readMode(reading, members.get('execution_mode')),
    maxAttempts: readMaxAttempts(reading, members.get('max_attempts')),
  }
}

function readTemplate(reading: YamlReading, value: YamlValue | undefined): Template | null {
  const text = value === undefined ? null : readText(reading, value, 'a template such as {{issue.title}}')
  if (value === undefined || text === null) return null
  const parsed = parseTemplate(text)
  if (parsed.ok) return parsed.template
  reportAt(
    reading,
    offsetInText(reading, value, parsed.offset),
    `${value.path}: the template is broken: ${parsed.message}`,
  )
  return null
}

function readRequires(reading: YamlReading, value: YamlValue | undefined): string[] {
  if (value === undefined) return []
  return normalizeLabels(readTexts(reading, value, 'a label that an agent offers').map(({ text }) => text))
}

function readPriority(reading: YamlReading, value: YamlValue | undefined): Priority {
  const number = value === undefined ? null : readWholeNumber(reading, value, MOST_URGENT, LEAST_URGENT)
  return PRIORITIES.find((priority) => priority === number) ?? DEFAULT_PRIORITY
}

function readMode(reading: YamlReading, value: YamlValue | undefined): ExecutionMode {
  const mode = value === undefined ? null : readText(reading, value, `one of ${EXECUTION_MODES.join(', ')}`)
  if (value === undefined || mode === null) return DEFAULT_EXECUTION_MODE
  if (isExecutionMode(mode)) return mode
  reportUnknown(reading, value, { kind: 'execution mode', word: mode, known: EXECUTION_MODES })
  return DEFAULT_EXECUTION_MODE
}

function readMaxAttempts(reading: YamlReading, value: YamlValue | undefined): number {
  return (
    (value === undefined ? null : readWholeNumber(reading, value, 1, MOST_ATTEMPTS)) ?? DEFAULT_MAX_ATTEMPTS
  )
}

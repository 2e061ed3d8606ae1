import { compileGlobs, type GlobList } from './glob-list.ts'
import { parseTask } from './parse-task.ts'
import type { Rule } from './rule.ts'
import {
  ANY_ACTION,
  EVENTS_WITH_COMMENT,
  EVENTS_WITH_THREAD,
  FOREIGN_ACTIONS,
  isRuleEvent,
  KNOWN_ACTIONS,
  RULE_EVENTS,
  type RuleEvent,
} from './rule-events.ts'
import {
  readMapping,
  readText,
  readTexts,
  reportAt,
  reportExpected,
  reportUnknown,
  type YamlReading,
  type YamlValue,
} from '@switchyard/platform'

export const RULE_KEYS = [
  ...['name', 'event', 'actions', 'labels', 'without_labels', 'assignee'],
  ...['comment_prefix', 'repositories', 'senders', 'task'],
]

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/
const LONGEST_NAME = 60

type Members = ReadonlyMap<string, YamlValue>

/** One rule; null when it is so wrong that not even its name is known. Every mistake is reported. */
export function parseRule(reading: YamlReading, value: YamlValue): Rule | null {
  const members = readMapping(reading, value, RULE_KEYS)
  if (members === null) return null
  const name = readName(reading, value, members)
  const events = readEvents(reading, value, members)
  const rule = {
    events,
    actions: readActions(reading, members, events),
    labels: readLabels(reading, members, 'labels'),
    withoutLabels: readLabels(reading, members, 'without_labels'),
    assignee: readOptionalText(reading, members, 'assignee', 'the login of a user'),
    commentPrefix: readOptionalText(
      reading,
      members,
      'comment_prefix',
      'the beginning of a comment, such as /agent',
    ),
    repositories: readRepositories(reading, members),
    senders: readSenders(reading, members),
    task: parseTask(reading, members.get('task') ?? null),
  }
  reportUnfulfillable(reading, members, events)
  return name === null ? null : { name, ...rule }
}

function readName(reading: YamlReading, value: YamlValue, members: Members): string | null {
  const expected = `a name of lower-case letters, digits and hyphens, at most ${LONGEST_NAME} characters`
  const at = members.get('name') ?? { ...value, node: null, path: `${value.path}.name` }
  const name = readText(reading, at, expected)
  if (name === null) return null
  return SLUG.test(name) && name.length <= LONGEST_NAME ? name : reportExpected(reading, at, expected)
}

function readEvents(reading: YamlReading, value: YamlValue, members: Members): RuleEvent[] {
  const expected = `one of ${RULE_EVENTS.join(', ')}`
  const at = members.get('event') ?? { ...value, node: null, path: `${value.path}.event` }
  const events: RuleEvent[] = []
  for (const { text, at: item } of readTexts(reading, at, expected)) {
    if (isRuleEvent(text)) events.push(text)
    else reportUnknown(reading, item, { kind: 'event', word: text, known: RULE_EVENTS })
  }
  return events
}

function readActions(reading: YamlReading, members: Members, events: readonly RuleEvent[]): string[] | null {
  const value = members.get('actions')
  if (value === undefined) return null
  const known = [...new Set(events.flatMap((event) => KNOWN_ACTIONS[event]))]
  if (events.length > 0 && known.length === 0) {
    reportAt(reading, value.offset, `${value.path}: ${events.join(', ')} has no actions; leave the key out`)
    return null
  }
  const actions = readTexts(reading, value, `an action such as ${known[0] ?? 'opened'}`)
  for (const { text, at } of actions) {
    if (events.length === 0 || text === ANY_ACTION || known.includes(text)) continue
    const meant = FOREIGN_ACTIONS.get(text)
    const kind = `action of ${events.join(', ')}`
    const isMeant = meant !== undefined && known.includes(meant)
    reportUnknown(reading, at, { kind, word: text, known, ...(isMeant ? { meant } : {}) })
  }
  return actions.map(({ text }) => text)
}

function readLabels(reading: YamlReading, members: Members, key: string): string[] {
  const value = members.get(key)
  return value === undefined
    ? []
    : readTexts(reading, value, 'the name of a label').map(({ text }) => text.trim())
}

function readOptionalText(
  reading: YamlReading,
  members: Members,
  key: string,
  expected: string,
): string | null {
  const value = members.get(key)
  return value === undefined ? null : (readText(reading, value, expected)?.trim() ?? null)
}

function readRepositories(reading: YamlReading, members: Members): GlobList | null {
  const value = members.get('repositories')
  if (value === undefined) return null
  const expected = 'owner/name or a pattern such as acme/* (** is every repository)'
  const patterns = readTexts(reading, value, expected)
  for (const { text, at } of patterns) {
    if (!text.includes('/') && text !== '**') reportExpected(reading, at, expected)
  }
  return compileGlobs(patterns.map(({ text }) => text.trim()))
}

function readSenders(reading: YamlReading, members: Members): GlobList | null {
  const value = members.get('senders')
  if (value === undefined) return null
  const patterns = readTexts(reading, value, 'a login or a pattern such as team-*')
  return compileGlobs(patterns.map(({ text }) => text.trim()))
}

/** A condition that none of the rule's events can fulfil is a mistake: such a rule would wait for ever. */
function reportUnfulfillable(reading: YamlReading, members: Members, events: readonly RuleEvent[]): void {
  const needs: readonly (readonly [key: string, events: readonly RuleEvent[]])[] = [
    ['labels', EVENTS_WITH_THREAD],
    ['without_labels', EVENTS_WITH_THREAD],
    ['assignee', EVENTS_WITH_THREAD],
    ['comment_prefix', EVENTS_WITH_COMMENT],
  ]
  for (const [key, able] of needs) {
    const value = members.get(key)
    const unable = events.filter((event) => !able.includes(event))
    if (value === undefined || unable.length === 0) continue
    reportAt(
      reading,
      value.offset,
      `${value.path}: ${unable.join(', ')} can never fulfil this; it works with ${able.join(', ')}`,
    )
  }
}

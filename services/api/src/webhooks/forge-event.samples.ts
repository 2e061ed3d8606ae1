import { toForgeEvent, type Forge, type ForgeEvent } from './forge-event.ts'
import type { JsonObject } from './json-object.ts'

/** For tests: the parts of a payload that matter, in the shape Forgejo sends them. */
export const REPOSITORY: JsonObject = {
  full_name: 'acme/widgets',
  html_url: 'https://git.example.test/acme/widgets',
  clone_url: 'https://git.example.test/acme/widgets.git',
  ssh_url: 'ssh://git@git.example.test/acme/widgets.git',
  default_branch: 'main',
}

export const ISSUE: JsonObject = {
  number: 12,
  title: 'Improbability drive stalls',
  body: 'On cold mornings.',
  html_url: 'https://git.example.test/acme/widgets/issues/12',
  labels: [],
  assignee: null,
  assignees: null,
  pull_request: null,
}

export const PULL_REQUEST: JsonObject = {
  number: 7,
  title: 'Warm the drive',
  body: 'Closes #12',
  html_url: 'https://git.example.test/acme/widgets/pulls/7',
  labels: [],
  head: { ref: 'warm', sha: 'a9a6c3719478d4db373e38de796becabcca710d2' },
  base: { ref: 'main' },
}

export function labelled(...names: string[]): readonly JsonObject[] {
  return names.map((name, index) => ({ id: index + 1, name }))
}

export function sampleEvent(event: string, payload: JsonObject, forge: Forge = 'forgejo'): ForgeEvent {
  const common = { repository: REPOSITORY, sender: { login: 'trillian' } }
  return toForgeEvent({ forge, event, eventType: null, payload: { ...common, ...payload } })
}

export function issueEvent(action: string, issue: JsonObject = {}, rest: JsonObject = {}): ForgeEvent {
  return sampleEvent('issues', { action, issue: { ...ISSUE, ...issue }, ...rest })
}

export function commentEvent(body: string, rest: JsonObject = {}): ForgeEvent {
  const comment = { body, user: { login: 'zaphod' } }
  return sampleEvent('issue_comment', { action: 'created', issue: ISSUE, comment, is_pull: false, ...rest })
}

export function pushEvent(rest: JsonObject = {}): ForgeEvent {
  return sampleEvent('push', {
    ref: 'refs/heads/main',
    before: '5ef3fd2bdeb22048067fd7bfafe620ec65c0b9c7',
    after: 'a9a6c3719478d4db373e38de796becabcca710d2',
    head_commit: { message: 'Warm the drive\n\nIt was cold.' },
    ...rest,
  })
}

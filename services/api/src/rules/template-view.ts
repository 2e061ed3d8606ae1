import type { ForgeEvent } from '../webhooks/forge-event.ts'
import { listAt, nameAt, objectAt, textAt, type JsonObject } from '../webhooks/json-object.ts'
import { textAfterPrefix } from './comment-prefix.ts'
import type { Rule } from './rule.ts'

/**
 * What templates can name: the payload as the forge sent it, and conveniences that read the same for every event
 * (docs/rules.md lists them). `issue` is also there for pull requests, `comment` also for reviews.
 */
export function templateView(event: ForgeEvent, rule: Rule): JsonObject {
  const { payload } = event
  const thread = objectAt(payload, 'issue') ?? objectAt(payload, 'pull_request')
  return {
    ...payload,
    issue: thread,
    comment: commentView(event, rule),
    rule: { name: rule.name },
    event: {
      forge: event.forge,
      name: event.event,
      action: event.action,
      subject: subjectOf(event),
      repository: event.repository,
      host: event.host,
      number: event.number,
      is_pull: event.isPull,
      title: titleOf(event, thread),
      body: textAt(thread, 'body') ?? textAt(objectAt(payload, 'release'), 'body') ?? '',
      url: event.url,
      labels: event.labels,
      assignees: event.assignees,
      sender: event.sender,
      ref: event.ref,
      head_sha: event.headSha,
      object: event.object,
    },
  }
}

function commentView(event: ForgeEvent, rule: Rule): JsonObject | null {
  if (event.commentBody === null) return null
  const comment = objectAt(event.payload, 'comment')
  return {
    ...comment,
    body: event.commentBody,
    text_after_prefix: textAfterPrefix(event.commentBody, rule.commentPrefix) ?? event.commentBody,
    author: nameAt(objectAt(comment, 'user'), 'login') ?? event.sender,
  }
}

function subjectOf(event: ForgeEvent): string {
  if (event.number !== null) return `${event.isPull ? 'pull request' : 'issue'} #${event.number}`
  if (event.event === 'release') return `release ${event.ref ?? ''}`.trim()
  return event.ref === null ? event.event : `${event.event} to ${shortRef(event.ref)}`
}

function titleOf(event: ForgeEvent, thread: JsonObject | null): string {
  const title = nameAt(thread, 'title') ?? nameAt(objectAt(event.payload, 'release'), 'name')
  return title ?? pushTitle(event) ?? event.ref ?? ''
}

function pushTitle(event: ForgeEvent): string | null {
  if (event.event !== 'push' || event.ref === null) return null
  const head =
    objectAt(event.payload, 'head_commit') ??
    objectAt({ first: listAt(event.payload, 'commits')[0] }, 'first')
  const subject = nameAt(head, 'message')?.split('\n', 1)[0]
  return subject === undefined ? shortRef(event.ref) : `${shortRef(event.ref)}: ${subject}`
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '')
}

import { nameEvent } from './event-names.ts'
import {
  countAt,
  isJsonObject,
  listAt,
  memberOf,
  nameAt,
  objectAt,
  textAt,
  type JsonObject,
} from './json-object.ts'

export type Forge = 'forgejo' | 'gitea'

/** A delivery in the words of rules and tasks. What the payload does not say is null or empty. */
export interface ForgeEvent {
  readonly forge: Forge
  /** issues, issue_comment, pull_request, pull_request_review, push, release, or another name as the forge wrote it. */
  readonly event: string
  readonly action: string | null
  /** owner/name */
  readonly repository: string | null
  readonly host: string | null
  readonly number: number | null
  readonly isPull: boolean
  /** The labels after the event. Empty for label_cleared, whose payload still lists the old ones. */
  readonly labels: readonly string[]
  /** The labels this event added, where the forge says so (recent Gitea); null where it does not (Forgejo). */
  readonly addedLabels: readonly string[] | null
  readonly assignees: readonly string[]
  readonly sender: string | null
  /** The text of the comment or of the review. */
  readonly commentBody: string | null
  /** The page of the issue, pull request or release; for a push the comparison. */
  readonly url: string | null
  /** The pushed ref, the head branch of a pull request, or the tag of a release. */
  readonly ref: string | null
  readonly headSha: string | null
  /** Names the forge object everywhere and for good: `host/owner/repo#12`, `…@refs/heads/main`, `…@v1.0`. */
  readonly object: string | null
  readonly payload: JsonObject
}

interface ReceivedEvent {
  readonly forge: Forge
  readonly event: string
  readonly eventType: string | null
  readonly payload: JsonObject
}

const NO_COMMIT = /^0+$/

/** Normalises a payload. Never throws: whatever is missing or of an odd type counts as not said. */
export function toForgeEvent({ forge, event: eventHeader, eventType, payload }: ReceivedEvent): ForgeEvent {
  const { event, action } = nameEvent(eventHeader, eventType, nameAt(payload, 'action'))
  const pull = objectAt(payload, 'pull_request')
  const thread = objectAt(payload, 'issue') ?? pull
  const repository = objectAt(payload, 'repository') ?? objectAt(objectAt(payload, 'run'), 'repository')
  const place = {
    event,
    host: hostOf(nameAt(repository, 'html_url')),
    repository: nameAt(repository, 'full_name'),
    number: thread === null ? null : (countAt(thread, 'number') ?? countAt(payload, 'number')),
    ref: refOf(event, payload, pull),
  }
  return {
    forge,
    ...place,
    action,
    isPull:
      pull !== null || objectAt(thread, 'pull_request') !== null || memberOf(payload, 'is_pull') === true,
    labels: action === 'label_cleared' ? [] : namesIn(listAt(thread, 'labels'), 'name'),
    addedLabels: addedLabelsOf(payload),
    assignees: assigneesOf(thread),
    sender: loginOf(objectAt(payload, 'sender')) ?? loginOf(objectAt(payload, 'pusher')),
    commentBody:
      textAt(objectAt(payload, 'comment'), 'body') ?? textAt(objectAt(payload, 'review'), 'content'),
    url: urlOf(payload, thread, repository),
    headSha: commitOrNull(
      event === 'push' ? nameAt(payload, 'after') : nameAt(objectAt(pull, 'head'), 'sha'),
    ),
    object: objectName(place),
    payload,
  }
}

function hostOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null
  const { host } = new URL(url)
  return host === '' ? null : host
}

function refOf(event: string, payload: JsonObject, pull: JsonObject | null): string | null {
  if (event === 'release') return nameAt(objectAt(payload, 'release'), 'tag_name')
  return pull === null ? nameAt(payload, 'ref') : nameAt(objectAt(pull, 'head'), 'ref')
}

function urlOf(payload: JsonObject, thread: JsonObject | null, repository: JsonObject | null): string | null {
  return (
    nameAt(thread, 'html_url') ??
    nameAt(objectAt(payload, 'release'), 'html_url') ??
    nameAt(payload, 'compare_url') ??
    nameAt(repository, 'html_url')
  )
}

function addedLabelsOf(payload: JsonObject): string[] | null {
  const changes = objectAt(payload, 'changes')
  if (changes === null) return null
  const saysWhatChanged = Object.hasOwn(changes, 'added_labels') || Object.hasOwn(changes, 'removed_labels')
  return saysWhatChanged ? namesIn(listAt(changes, 'added_labels'), 'name') : null
}

function assigneesOf(thread: JsonObject | null): string[] {
  const single = loginOf(objectAt(thread, 'assignee'))
  const logins = listAt(thread, 'assignees').map((user) => (isJsonObject(user) ? loginOf(user) : null))
  return [...new Set([single, ...logins].filter((login) => login !== null))]
}

function loginOf(user: JsonObject | null): string | null {
  return nameAt(user, 'login') ?? nameAt(user, 'username')
}

function namesIn(items: readonly unknown[], key: string): string[] {
  return items.map((item) => (isJsonObject(item) ? nameAt(item, key) : null)).filter((name) => name !== null)
}

/** The all-zero id is how the forge writes “no commit”: a branch that was just made or deleted. */
function commitOrNull(sha: string | null): string | null {
  return sha === null || NO_COMMIT.test(sha) ? null : sha
}

function objectName(
  place: Pick<ForgeEvent, 'event' | 'host' | 'repository' | 'number' | 'ref'>,
): string | null {
  if (place.host === null || place.repository === null) return null
  const repository = `${place.host}/${place.repository}`
  if (place.number !== null) return `${repository}#${place.number}`
  const namedByRef = place.event === 'push' || place.event === 'release'
  return namedByRef && place.ref !== null ? `${repository}@${place.ref}` : null
}

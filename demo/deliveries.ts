import { createHmac, randomUUID } from 'node:crypto'
import { ROUTES, type ProblemBody, type RouteReply } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'

const FORGE = 'https://git.example.test'

/** An issue, as far as a story about it needs. */
export interface Issue {
  /** owner/name */
  readonly repository: string
  readonly number: number
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
}

/** One webhook delivery, before it is signed. */
export interface ForgejoDelivery {
  readonly id: string
  readonly event: string
  readonly eventType: string
  readonly payload: Readonly<Record<string, unknown>>
}

export type DeliveryAnswer =
  | RouteReply<typeof ROUTES.receiveForgejoDelivery>
  | { readonly status: 400 | 401 | 413 | 415 | 503; readonly body: Static<typeof ProblemBody> }

/** What Forgejo sends about an issue; `label_updated` is sent for a label that was added (or taken away: it does not say). */
export function issueDelivery(
  action: 'opened' | 'label_updated' | 'closed',
  issue: Issue,
  sender = 'trillian',
): ForgejoDelivery {
  const eventType = action === 'label_updated' ? 'issue_label' : 'issues'
  return newDelivery('issues', eventType, {
    action,
    number: issue.number,
    issue: issuePayload(issue, action === 'closed' ? 'closed' : 'open'),
    repository: repositoryPayload(issue.repository),
    sender: userPayload(sender),
    commit_id: '',
  })
}

/** What the button “Test delivery” of Forgejo's webhook settings sends: a push that moves nothing. */
export function testDelivery(repository: string, sender = 'trillian'): ForgejoDelivery {
  const commit = 'bc7d54f0a5c5b3ab9ec2bd2f1a7a3a05cf1e7a66'
  return newDelivery('push', 'push', {
    ref: 'refs/heads/main',
    before: commit,
    after: commit,
    compare_url: '',
    commits: [],
    total_commits: 0,
    head_commit: {
      id: commit,
      message: 'This is a fake commit',
      url: `${FORGE}/${repository}/commit/${commit}`,
    },
    repository: repositoryPayload(repository),
    pusher: userPayload(sender),
    sender: userPayload(sender),
  })
}

/** Sends a delivery, signed as Forgejo signs it: HMAC-SHA256 over the very bytes of the body. */
export async function deliver(
  url: string,
  secret: string,
  delivery: ForgejoDelivery,
): Promise<DeliveryAnswer> {
  const body = JSON.stringify(delivery.payload)
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const families = ['forgejo', 'gitea', 'gogs', 'github'].flatMap((family) => [
    [`x-${family}-delivery`, delivery.id],
    [`x-${family}-event`, delivery.event],
    [`x-${family}-event-type`, delivery.eventType],
  ])
  const response = await fetch(`${url}${ROUTES.receiveForgejoDelivery.path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(Object.fromEntries(families) as Record<string, string>),
      'x-forgejo-signature': signature,
      'x-gitea-signature': signature,
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
  })
  return { status: response.status, body: await response.json() } as DeliveryAnswer
}

function newDelivery(event: string, eventType: string, payload: ForgejoDelivery['payload']): ForgejoDelivery {
  return { id: randomUUID(), event, eventType, payload }
}

function issuePayload(issue: Issue, state: 'open' | 'closed') {
  return {
    id: 1000 + issue.number,
    url: `${FORGE}/api/v1/repos/${issue.repository}/issues/${issue.number}`,
    html_url: `${FORGE}/${issue.repository}/issues/${issue.number}`,
    number: issue.number,
    user: userPayload('trillian'),
    title: issue.title,
    body: issue.body,
    labels: issue.labels.map((name, index) => ({ id: index + 1, name, color: '0052cc', description: '' })),
    milestone: null,
    assignee: null,
    assignees: null,
    state,
    is_locked: false,
    comments: 0,
    pull_request: null,
  }
}

function repositoryPayload(fullName: string) {
  const [owner = '', name = ''] = fullName.split('/')
  return {
    id: 1,
    owner: userPayload(owner),
    name,
    full_name: fullName,
    private: false,
    html_url: `${FORGE}/${fullName}`,
    clone_url: `${FORGE}/${fullName}.git`,
    ssh_url: `ssh://git@git.example.test/${fullName}.git`,
    default_branch: 'main',
  }
}

function userPayload(login: string) {
  return { id: login.length, login, full_name: '', email: `${login}@example.test`, username: login }
}

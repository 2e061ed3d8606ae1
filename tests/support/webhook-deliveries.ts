import { randomUUID } from 'node:crypto'
import { sign, WEBHOOK_SECRET } from './api.ts'
import type { Answer, Body, TestApi, WireTask } from './api.ts'
import type { TestStack } from './use-test-api.ts'

/** What the API is started with for deliveries. */
export const WEBHOOK_CONFIG = {
  SWITCHYARD_WEBHOOK_SECRET: ['the-new-one', WEBHOOK_SECRET],
  SWITCHYARD_WEBHOOK_LIMIT_BYTES: 65_536,
  SWITCHYARD_BOT_USER: 'marvin',
}

export const REPOSITORY = {
  full_name: 'acme/shop',
  html_url: 'https://git.example.test/acme/shop',
  clone_url: 'https://git.example.test/acme/shop.git',
}

let lastNumber = 0
/** An issue that no other test knows. */
export function newIssue(rest: Body = {}): Body {
  lastNumber += 1
  return {
    number: lastNumber,
    title: `Issue ${lastNumber}`,
    body: 'Please.',
    html_url: `https://git.example.test/acme/shop/issues/${lastNumber}`,
    labels: [{ name: 'agent' }],
    ...rest,
  }
}

/** The event of an issue, as a forge sends it. */
export function labelled(issue: Body, action = 'label_updated'): Body {
  return { action, issue, repository: REPOSITORY, sender: { login: 'trillian' } }
}

interface DeliverOptions {
  readonly event?: string
  readonly uuid?: string
  readonly forge?: 'forgejo' | 'gitea'
  /** Instead of the right signature header. */
  readonly signed?: Readonly<Record<string, string>>
  readonly secret?: string
  readonly to?: TestApi
}

/** Delivers to the API of a test, and looks at what came of it. */
export function webhooksOf(stack: TestStack) {
  const { api } = stack

  function deliver(payload: Body | string, options: DeliverOptions = {}): Promise<Answer> {
    const {
      event = 'issues',
      uuid = randomUUID(),
      forge = 'forgejo',
      secret = WEBHOOK_SECRET,
      to = api,
    } = options
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const headers = {
      [`x-${forge}-event`]: event,
      [`x-${forge}-delivery`]: uuid,
      ...(options.signed ?? { [`x-${forge}-signature`]: sign(secret, text) }),
    }
    return to.call('POST', `/api/v1/webhooks/${forge}`, text, { token: null, headers })
  }

  async function stored(): Promise<number> {
    const { rows } = await stack.database.pool.query<{ count: number }>(
      'select count(*) as count from deliveries',
    )
    return rows[0]?.count ?? 0
  }

  async function taskOf(answer: Answer): Promise<WireTask> {
    const [task] = answer.body['tasks'] as { id: string }[]
    return (await api.call('GET', `/api/v1/tasks/${String(task?.id)}`)).body as WireTask
  }

  return { deliver, stored, taskOf }
}

import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, sign, startTestApi, WEBHOOK_SECRET } from '../../support/api.ts'
import type { Answer, Body, TestApi, WireTask } from '../../support/api.ts'
import { blockedBackends, closeEvents } from '../../support/blocked-api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const stack = useTestApi({
  config: {
    SWITCHYARD_WEBHOOK_SECRET: ['the-new-one', WEBHOOK_SECRET],
    SWITCHYARD_WEBHOOK_LIMIT_BYTES: 65_536,
    SWITCHYARD_BOT_USER: 'marvin',
  },
})
const { api } = stack
const REPOSITORY = {
  full_name: 'acme/shop',
  html_url: 'https://git.example.test/acme/shop',
  clone_url: 'https://git.example.test/acme/shop.git',
}

let lastNumber = 0
/** An issue that no other test knows. */
function newIssue(rest: Body = {}): Body {
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

function labelled(issue: Body, action = 'label_updated'): Body {
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

describe('a delivery that a rule wants', () => {
  it.each(['forgejo', 'gitea'] as const)('from %s becomes an undecided task', async (forge) => {
    const issue = newIssue()
    const answer = await deliver(labelled(issue), { forge })
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ outcome: 'created', reason: 'rule label-agent matched' })
    expect(await taskOf(answer)).toMatchObject({
      title: issue['title'],
      status: 'pending',
      execution_mode: 'undecided',
      requested_mode: 'undecided',
      concurrency_key: `git.example.test/acme/shop#${String(issue['number'])}`,
      source: {
        kind: forge,
        repository: 'acme/shop',
        issue_number: issue['number'],
        url: issue['html_url'],
        event: 'issues',
        action: 'label_updated',
        sender: 'trillian',
        delivery_id: answer.body['delivery_id'],
      },
    })
  })

  it('may be a comment that begins with /agent', async () => {
    const comment = { body: '/agent add a test', user: { login: 'zaphod' } }
    const payload = { ...labelled(newIssue({ labels: [] }), 'created'), comment }
    const task = await taskOf(await deliver(payload, { event: 'issue_comment' }))
    expect(task.prompt).toContain('add a test')
  })

  it('may be an assignment to the bot', async () => {
    const payload = labelled(newIssue({ labels: [], assignees: [{ login: 'Marvin' }] }), 'assigned')
    expect((await deliver(payload)).body).toMatchObject({
      outcome: 'created',
      reason: 'rule assigned-to-bot matched',
    })
  })
})

describe('signatures', () => {
  const text = JSON.stringify(labelled(newIssue({ labels: [] })))
  const hex = sign(WEBHOOK_SECRET, text)

  it.each<[string, Record<string, string>]>([
    ['X-Forgejo-Signature', { 'x-forgejo-signature': hex }],
    ['X-Gitea-Signature', { 'x-gitea-signature': hex }],
    ['X-Hub-Signature-256', { 'x-hub-signature-256': `sha256=${hex}` }],
    ['the first that is not empty', { 'x-forgejo-signature': '', 'x-gitea-signature': hex }],
  ])('by %s are accepted', async (_name, signed) => {
    expect((await deliver(text, { signed })).status).toBe(202)
  })

  it.each([WEBHOOK_SECRET, 'the-new-one'])(
    'with the secret %s are accepted while secrets rotate',
    async (secret) => {
      expect((await deliver(labelled(newIssue()), { secret })).body['outcome']).toBe('created')
    },
  )

  it.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['empty', { 'x-forgejo-signature': '', 'x-gitea-signature': '', 'x-hub-signature-256': 'sha256=' }],
    ['malformed', { 'x-forgejo-signature': hex.slice(1) }],
    ['of another secret', { 'x-forgejo-signature': sign('another', text) }],
    ['of another body', { 'x-forgejo-signature': sign(WEBHOOK_SECRET, `${text} `) }],
    [
      'right only in the second header',
      { 'x-forgejo-signature': sign('another', text), 'x-gitea-signature': hex },
    ],
  ])('that are %s are 401: nothing is stored, but it is counted', async (_name, signed) => {
    const [before, refusedBefore] = [await stored(), await refused()]
    const { status, body } = await deliver(text, { signed })
    expect([status, body['code']]).toEqual([401, 'bad_signature'])
    expect(JSON.stringify(body)).not.toContain(WEBHOOK_SECRET)
    expect(await stored()).toBe(before)
    expect(await refused()).toBe(refusedBefore + 1)
  })

  async function refused(): Promise<number> {
    const { text: metrics } = await api.call('GET', '/metrics')
    return Number(/^switchyard_deliveries_total\{outcome="refused"\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
  }
})

describe('bodies', () => {
  it('that are form-encoded are signed by their payload', async () => {
    const payload = JSON.stringify(labelled(newIssue({ title: 'Ünïcode & more = 100 %' })))
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forgejo-event': 'issues',
      'x-forgejo-signature': sign(WEBHOOK_SECRET, payload),
    }
    const body = new URLSearchParams({ payload }).toString()
    const answer = await api.call('POST', '/api/v1/webhooks/forgejo', body, { token: null, headers })
    expect(answer.body['outcome']).toBe('created')
    expect((await taskOf(answer)).title).toBe('Ünïcode & more = 100 %')
  })

  it('over the cap are 413, and nothing is stored', async () => {
    const before = await stored()
    const { status, body } = await deliver(labelled(newIssue({ body: 'x'.repeat(65_536) })))
    expect([status, body['limit_bytes']]).toEqual([413, 65_536])
    expect(await stored()).toBe(before)
  })

  it.each(['text/plain', 'multipart/form-data; boundary=x'])('as %s are 415', async (type) => {
    const headers = { 'content-type': type, 'x-forgejo-signature': sign(WEBHOOK_SECRET, '{}') }
    const { status } = await api.call('POST', '/api/v1/webhooks/forgejo', '{}', { token: null, headers })
    expect(status).toBe(415)
  })

  it.each(['{', '[]', '"text"', 'null', ''])('that are %s instead of a JSON object are 400', async (text) => {
    const before = await stored()
    const { status, body } = await deliver(text)
    expect([status, body['code']]).toEqual([400, 'malformed_json'])
    expect(await stored()).toBe(before)
  })

  it('with NUL and half surrogate pairs are kept as they are, and make a task without them', async () => {
    const issue = newIssue({ title: 'odd \u0000 and \ud83d text', body: '\u0000\ude86' })
    const answer = await deliver(labelled(issue))
    expect(answer.body['outcome']).toBe('created')
    const { title } = await taskOf(answer)
    expect(title).not.toContain('\u0000')
    expect(title).not.toMatch(/\p{Surrogate}/u)
    const kept = await api.call('GET', `/api/v1/deliveries/${String(answer.body['delivery_id'])}`)
    expect(kept.body['body']).toContain('\\u0000')
  })
})

describe('duplicates', () => {
  it('by UUID name the task and the first delivery', async () => {
    const [uuid, payload] = [randomUUID(), labelled(newIssue())]
    const first = await deliver(payload, { uuid })
    const second = await deliver(payload, { uuid })
    expect(second.status).toBe(202)
    expect(second.body).toMatchObject({ outcome: 'duplicate', tasks: first.body['tasks'] })
    expect(second.body['reason']).toContain(first.body['delivery_id'])
  })

  it('by UUID, twenty at once, make one task', async () => {
    const [uuid, payload] = [randomUUID(), labelled(newIssue())]
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(payload, { uuid })))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202))
    const outcomes = answers.map(({ body }) => body['outcome'])
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(19)
    expect(new Set(answers.map(({ body }) => JSON.stringify(body['tasks']))).size).toBe(1)
  })

  it('by meaning, ten at once and one later, name the task that has not ended', async () => {
    const issue = newIssue()
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(labelled(issue))))
    answers.push(await deliver(labelled({ ...issue, title: 'renamed' }, 'reopened')))
    expect(answers.filter(({ body }) => body['outcome'] === 'created')).toHaveLength(1)
    const ids = new Set(answers.map(({ body }) => (body['tasks'] as { id: string }[])[0]?.id))
    expect(ids.size).toBe(1)
    expect(answers.at(-1)?.body['reason']).toContain([...ids][0])
  })

  it('are none once the task has ended and the label came again', async () => {
    const issue = newIssue()
    const first = await taskOf(await deliver(labelled(issue)))
    await api.call('POST', `/api/v1/tasks/${first.id}/cancel`)
    const kept = await deliver(labelled({ ...issue, labels: [{ name: 'agent' }, { name: 'bug' }] }))
    expect(kept.body).toMatchObject({ outcome: 'ignored', tasks: [] })
    expect(kept.body['reason']).toContain('the label “agent” was there before')
    await deliver(labelled({ ...issue, labels: [{ name: 'bug' }] }))
    const second = await deliver(labelled(issue))
    expect(second.body['outcome']).toBe('created')
    expect((await taskOf(second)).id).not.toBe(first.id)
  })

  it('of a new issue that carries the label are one task, and a later label changes nothing', async () => {
    const issue = newIssue()
    const opened = await taskOf(await deliver(labelled(issue, 'opened')))
    const announced = await deliver(labelled(issue))
    expect(announced.body).toMatchObject({ outcome: 'duplicate', tasks: [{ id: opened.id }] })
    await api.call('POST', `/api/v1/tasks/${opened.id}/cancel`)
    const kept = await deliver(labelled({ ...issue, labels: [{ name: 'agent' }, { name: 'docs' }] }))
    expect(kept.body).toMatchObject({ outcome: 'ignored', tasks: [] })
  })

  it('of another rule about the same issue wait for each other', async () => {
    const issue = newIssue()
    await deliver(labelled(issue))
    const comment = { body: '/agent now', user: { login: 'zaphod' } }
    const second = await deliver({ ...labelled(issue, 'created'), comment }, { event: 'issue_comment' })
    expect(await taskOf(second)).toMatchObject({ status: 'waiting' })
  })
})

describe('what ends work', () => {
  it.each(['closed', 'deleted'])('an issue that is %s cancels its unfinished tasks', async (action) => {
    const issue = newIssue()
    const waiting = await taskOf(await deliver(labelled(issue)))
    const comment = { body: '/agent now', user: { login: 'zaphod' } }
    const behind = await taskOf(
      await deliver({ ...labelled(issue, 'created'), comment }, { event: 'issue_comment' }),
    )
    const closed = await deliver(labelled(issue, action))
    expect(closed.body).toMatchObject({
      outcome: 'ignored',
      reason: `the issue was ${action} by trillian: cancelled 2 unfinished task(s)`,
    })
    for (const { id } of [waiting, behind]) {
      expect((await api.call('GET', `/api/v1/tasks/${id}`)).body['status']).toBe('cancelled')
    }
  })

  it('asks the holder of a running one', async () => {
    const issue = newIssue()
    const task = await taskOf(await deliver(labelled(issue)))
    const agent = await postAgent(api)
    await api.call('POST', `/api/v1/tasks/${task.id}/assign`, { agent_id: agent.id })
    await until('the agent has taken it', async () => {
      const { body } = await dequeue(api, agent)
      return (body['task'] as WireTask).id === task.id
    })
    await deliver(labelled(issue, 'closed'))
    expect((await api.call('GET', `/api/v1/tasks/${task.id}`)).body).toMatchObject({
      status: 'claimed',
      cancel_requested: true,
    })
  })
})

describe('what is ignored, with its reason', () => {
  it.each<[string, Body, string, string]>([
    [
      'a test delivery',
      { before: 'a', after: 'a', repository: REPOSITORY },
      'push',
      'test delivery received, the webhook works',
    ],
    [
      'label_cleared, though it lists the old labels',
      labelled(newIssue(), 'label_cleared'),
      'issues',
      'wants the action opened or reopened or label_updated',
    ],
    [
      'an issue without the label',
      labelled(newIssue({ labels: [{ name: 'bug' }] })),
      'issues',
      'wants the label “agent”, the issue has “bug”',
    ],
    [
      'an event without a rule',
      { action: 'published', release: {}, repository: REPOSITORY },
      'release',
      'no rule is about the event “release”',
    ],
    [
      'an event nobody knows',
      { repository: REPOSITORY },
      'moon_phase',
      'no rule is about the event “moon_phase”',
    ],
    [
      'what the bot did',
      { ...labelled(newIssue(), 'opened'), sender: { login: 'marvin' } },
      'issues',
      'sent by marvin, the bot itself',
    ],
    ['no event', labelled(newIssue()), '', 'does not name its event'],
    ['an empty payload', {}, 'issues', 'label-agent'],
  ])('%s', async (_name, payload, event, reason) => {
    const { status, body } = await deliver(payload, { event })
    expect(status).toBe(202)
    expect(body).toMatchObject({ outcome: 'ignored', tasks: [] })
    expect(body['reason']).toContain(reason)
    const kept = await api.call('GET', `/api/v1/deliveries/${String(body['delivery_id'])}`)
    expect(kept.body).toMatchObject({ outcome: 'ignored', reason: body['reason'] })
  })
})

describe('rules of one’s own', () => {
  it('can want a task because the issue was closed: it comes after those that the closing cancels', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rules-'))
    const file = join(folder, 'rules.yaml')
    await writeFile(
      file,
      'rules:\n  - { name: work, event: issues, actions: [opened], task: { execution_mode: ssh_cli, priority: 1 } }\n  - { name: follow-up, event: issues, actions: [closed] }\n',
    )
    const own = await startTestApi(stack.database, { config: { SWITCHYARD_RULES_FILE: file } })
    try {
      const issue = newIssue()
      const first = await taskOf(await deliver(labelled(issue, 'opened'), { to: own }))
      expect(first).toMatchObject({ execution_mode: 'ssh_cli', requested_mode: 'ssh_cli', priority: 1 })
      const second = await deliver(labelled(issue, 'closed'), { to: own })
      expect(second.body).toMatchObject({ outcome: 'created', reason: 'rule follow-up matched' })
      expect((await api.call('GET', `/api/v1/tasks/${first.id}`)).body['status']).toBe('cancelled')
      expect(await taskOf(second)).toMatchObject({ status: 'pending' })
    } finally {
      await own.stop()
      await rm(folder, { recursive: true })
    }
  })
})

describe('deliveries at the same moment', () => {
  /** Issues as they are opened: nothing about them has to be compared with what came before. */
  const opened = (issue: Body) => labelled(issue, 'opened')

  /** As many batches as may be under way wait in the database; what is delivered until `open` is called makes up the next. */
  async function closed(): Promise<{ first: Promise<Answer>[]; open: () => Promise<void> }> {
    const open = await closeEvents(stack.database.pool)
    const first: Promise<Answer>[] = []
    for (const count of [1, 2]) {
      first.push(deliver(opened(newIssue())))
      await until('a batch waits', async () => (await blockedBackends(stack.database.pool)).length === count)
    }
    return { first, open }
  }

  it('are each answered as if they were alone', async () => {
    const { first, open } = await closed()
    const [issue, uuid] = [newIssue(), randomUUID()]
    const together = [
      deliver(opened(issue)),
      deliver(opened(newIssue()), { uuid }),
      deliver(opened(newIssue()), { uuid }),
      deliver(opened(newIssue({ labels: [] }))),
      deliver(opened(newIssue({ title: 'the last one' }))),
    ]
    await open()
    const answers = await Promise.all([...first, ...together])
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
    expect(answers.map(({ body }) => body['outcome']).sort()).toEqual([
      ...Array<string>(5).fill('created'),
      'duplicate',
      'ignored',
    ])
    expect(await taskOf(answers.at(-1)!)).toMatchObject({ title: 'the last one' })
    expect((await deliver(opened(issue))).body).toMatchObject({ outcome: 'duplicate' })
  })

  it('are all refused, and nothing of them is kept, when their connection is lost half-way', async () => {
    const { first, open } = await closed()
    const before = await stored()
    const pids = await blockedBackends(stack.database.pool)
    await stack.database.pool.query('select pg_terminate_backend(pid) from unnest($1::integer[]) pid', [pids])
    for (const { status, body } of await Promise.all(first))
      expect([status, body['code']]).toEqual([503, 'database_unavailable'])
    await open()
    expect(await stored()).toBe(before)
    expect((await deliver(opened(newIssue()))).body).toMatchObject({ outcome: 'created' })
  })
})

import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { sign, WEBHOOK_SECRET } from '../../support/api.ts'
import type { Answer, Body } from '../../support/api.ts'
import { blockedBackends, closeEvents } from '../../support/blocked-api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'
import { labelled, newIssue, WEBHOOK_CONFIG, webhooksOf } from '../../support/webhook-deliveries.ts'

const stack = useTestApi({ config: WEBHOOK_CONFIG })
const { api } = stack
const { deliver, stored, taskOf } = webhooksOf(stack)

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

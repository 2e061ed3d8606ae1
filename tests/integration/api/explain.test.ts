import { describe, expect, it } from '@jest/globals'
import { sign, TOKENS, WEBHOOK_SECRET } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi()

const PAYLOAD = {
  action: 'opened',
  issue: {
    number: 7,
    title: 'Greet the user',
    html_url: 'https://git.example.test/acme/shop/issues/7',
    labels: [{ name: 'agent' }],
  },
  repository: { full_name: 'acme/shop', html_url: 'https://git.example.test/acme/shop' },
  sender: { login: 'trillian' },
}

function explain(payload: unknown, headers: Record<string, string> = {}, rest = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return api.call('POST', '/api/v1/rules/explain', {
    headers: { 'X-Forgejo-Event': 'issues', ...headers },
    body,
    ...rest,
  })
}

describe('POST /rules/explain', () => {
  it('tells the task that a signed delivery would become, and keeps nothing', async () => {
    const signature = sign(WEBHOOK_SECRET, JSON.stringify(PAYLOAD))
    const answer = await explain(PAYLOAD, { 'X-Forgejo-Signature': signature })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        signature: { valid: true },
        event: 'issues',
        action: 'opened',
        repository: 'acme/shop',
        sender: 'trillian',
        outcome: 'task',
        rule: 'label-agent',
        reason: 'the rule label-agent matched',
        rules: [
          { name: 'label-agent', fits: true },
          { name: 'comment-agent', fits: false, reason: 'is about issue_comment' },
        ],
        task: { title: 'Greet the user', priority: 3, execution_mode: 'undecided' },
      },
    })
    expect((await api.call('GET', '/api/v1/deliveries')).body).toMatchObject({ deliveries: [] })
    expect((await api.call('GET', '/api/v1/tasks')).body).toMatchObject({ tasks: [] })
  })

  it.each([
    ['none', {}, 'not signed'],
    [
      'another secret’s',
      { 'X-Forgejo-Signature': sign('another', JSON.stringify(PAYLOAD)) },
      'fits no configured secret',
    ],
  ])('explains a delivery with a signature that is %s all the same', async (_, headers, message) => {
    const { body } = await explain(PAYLOAD, headers)
    expect(body).toMatchObject({
      signature: { valid: false, message: expect.stringContaining(message) as unknown },
      outcome: 'task',
    })
  })

  it('says why no rule wants it, and what would be cancelled', async () => {
    const unlabelled = { ...PAYLOAD, issue: { ...PAYLOAD.issue, labels: [] } }
    expect((await explain(unlabelled)).body).toMatchObject({
      outcome: 'ignored',
      task: null,
      rule: null,
      rules: [{ fits: false, reason: expect.stringContaining('wants the label “agent”') as unknown }, {}],
    })
    expect((await explain({ ...PAYLOAD, action: 'closed' })).body).toMatchObject({
      outcome: 'cancel',
      reason: 'the issue was closed by trillian',
    })
  })

  it('reads what Gitea sends as a form', async () => {
    const form = new URLSearchParams({ payload: JSON.stringify(PAYLOAD) }).toString()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-gitea-signature': sign(WEBHOOK_SECRET, JSON.stringify(PAYLOAD)),
    }
    expect((await explain(form, headers, { forge: 'gitea' })).body).toMatchObject({
      signature: { valid: true },
      outcome: 'task',
    })
  })

  it('refuses what is no delivery at all, and whoever is no coordinator', async () => {
    expect(await explain('[]')).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ path: 'body.body', message: 'is not a JSON object' }] },
    })
    expect(await explain(PAYLOAD, { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'body.headers' }] },
    })
    const anonymous = await api.call(
      'POST',
      '/api/v1/rules/explain',
      { headers: {}, body: '{}' },
      { token: null },
    )
    expect(anonymous.status).toBe(401)
    const coordinator = { token: TOKENS.coordinator }
    const answer = await api.call('POST', '/api/v1/rules/explain', { headers: {}, body: '{}' }, coordinator)
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'ignored', event: '' } })
  })
})

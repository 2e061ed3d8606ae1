import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { openDelivery } from './delivery.ts'

const secret = 'test'
const id = 'fd5b94d4-1591-44c3-94ba-a0fa00767786'
const hmac = (text: string | Buffer) => createHmac('sha256', secret).update(text).digest('hex')

interface Sending {
  body?: string | Buffer
  signed?: string | Buffer
  type?: string
  headers?: Record<string, string>
}

function open({ body = '{}', signed = body, type = 'application/json', headers = {} }: Sending) {
  return openDelivery({
    headers: { 'content-type': type, 'x-forgejo-signature': hmac(signed), ...headers },
    body: Buffer.from(body),
    secrets: [secret],
  })
}

const form = 'application/x-www-form-urlencoded'

describe('openDelivery', () => {
  it('opens JSON', () => {
    const body = '{"title": "Größe 🚀 \\u0000"}'
    const opened = open({ body, type: 'Application/JSON; charset=utf-8' })
    expect(opened).toMatchObject({
      ok: true,
      delivery: { payload: { title: 'Größe 🚀 \u0000' } },
    })
  })

  it('opens a form, whose decoded payload is what was signed', () => {
    const payload = '{"title": "a+b & c=d % Größe 🚀"}'
    const body = new URLSearchParams({ payload }).toString()
    expect(open({ body, signed: payload, type: form })).toMatchObject({
      ok: true,
      delivery: { payload: { title: 'a+b & c=d % Größe 🚀' } },
    })
    expect(open({ body, signed: body, type: form })).toMatchObject({ ok: false, reason: 'bad_signature' })
  })

  it('does not take a form without payload for a signed one', () => {
    expect(open({ body: 'other=1', type: form })).toMatchObject({ ok: false, reason: 'bad_signature' })
    expect(open({ body: 'other=1', signed: '', type: form })).toMatchObject({ ok: false, reason: 'not_json' })
  })

  it.each(['', 'text/plain', 'application/jsonp', 'multipart/form-data; boundary=x'])(
    'refuses the type %p',
    (type) => {
      expect(open({ type })).toMatchObject({ ok: false, reason: 'unsupported_media_type' })
    },
  )

  it.each(['', 'nonsense', '[]', 'null', '"text"', '{"a":1', '{"a":1}{}'])(
    'refuses %p as not an object',
    (body) => {
      expect(open({ body })).toMatchObject({ ok: false, reason: 'not_json' })
    },
  )

  it('refuses what is not UTF-8', () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    expect(open({ body })).toMatchObject({ ok: false, reason: 'not_json' })
  })

  it('looks at the signature before the JSON', () => {
    expect(open({ body: 'nonsense', signed: 'other' })).toMatchObject({
      ok: false,
      reason: 'bad_signature',
    })
    expect(open({ headers: { 'x-forgejo-signature': '', 'x-gitea-signature': '' } })).toMatchObject({
      ok: false,
      reason: 'bad_signature',
    })
  })

  it('survives JSON that is nested without end', () => {
    const depth = 200_000
    const body = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(() => open({ body })).not.toThrow()
  })

  it.each(['forgejo', 'gitea', 'gogs', 'github'])(
    'reads id, event and type from the headers of %s',
    (family) => {
      const headers = {
        [`x-${family}-delivery`]: id.toUpperCase(),
        [`x-${family}-event`]: 'issues',
        [`x-${family}-event-type`]: 'issue_label',
      }
      expect(open({ headers })).toMatchObject({ delivery: { id, event: 'issues', eventType: 'issue_label' } })
    },
  )

  it('prefers Forgejo’s own headers, and takes what is not empty', () => {
    const headers = {
      'x-github-event': 'push',
      'x-forgejo-event': 'issues',
      'x-forgejo-event-type': '',
      'x-gitea-event-type': 'issue_assign',
    }
    expect(open({ headers })).toMatchObject({ delivery: { event: 'issues', eventType: 'issue_assign' } })
  })

  it('lets the event be empty, as it is for packages, and the id be absent or rubbish', () => {
    const headers = {
      'x-forgejo-event': '',
      'x-forgejo-event-type': 'package',
      'x-forgejo-delivery': 'rubbish',
    }
    expect(open({ headers })).toMatchObject({ delivery: { id: null, event: '', eventType: 'package' } })
    expect(open({})).toMatchObject({ delivery: { id: null, event: '', eventType: null } })
  })

  it('keeps no header that could authenticate somebody', () => {
    const headers = {
      authorization: 'Bearer x',
      'proxy-authorization': 'Basic x',
      cookie: 'session=x',
      'x-api-key': 'x',
      'x-auth-token': 'x',
      'x-hub-signature-256': 'sha256=x',
      'user-agent': 'Go-http-client/1.1',
    }
    const opened = open({ headers })
    expect(opened.ok && opened.delivery.headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Go-http-client/1.1',
    })
  })
})

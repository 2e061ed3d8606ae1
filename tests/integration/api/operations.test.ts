import { describe, expect, it } from '@jest/globals'
import { openApi, ROUTES } from '@switchyard/contract'
import type { Route } from '@switchyard/contract'
import { dequeued } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi()
const nobody = { token: null }

describe('operations', () => {
  it('say that the process runs and can work, to anybody', async () => {
    expect((await api.call('GET', '/healthz', undefined, nobody)).body).toEqual({ status: 'ok' })
    expect((await api.call('GET', '/readyz', undefined, nobody)).body).toEqual({ status: 'ready' })
  })

  it('count in Prometheus’ format', async () => {
    const { agent, task, lease } = await dequeued(api)
    const lost = { lease_token: lease.token, error: 'it broke', retryable: false }
    await api.call('POST', `/api/v1/tasks/${task.id}/fail`, lost, { token: agent.token })
    await dequeued(api)
    const { headers, text } = await api.call('GET', '/metrics', undefined, nobody)
    expect(headers.get('content-type')).toMatch(/^text\/plain/)
    expect(text).toMatch(/^switchyard_tasks\{status="claimed",execution_mode="http_pull"\} [1-9]/m)
    expect(text).toMatch(/^switchyard_claims_total [1-9]/m)
    expect(text).toMatch(/^switchyard_claim_latency_seconds_count [1-9]/m)
    expect(text).toMatch(/^switchyard_claims_settled_total\{status="failed"\} [1-9]/m)
    expect(text).toMatch(/^switchyard_oldest_pending_seconds /m)
    expect(text).toMatch(
      /^switchyard_http_request_seconds_count\{operation="dequeueTask",status="200"\} [1-9]/m,
    )
    expect(text).not.toMatch(/agent-[0-9a-f]{8}/)
  })

  it('describe the API as the contract has it', async () => {
    const { body } = await api.call('GET', '/openapi.json', undefined, nobody)
    const { version } = body['info'] as { version: string }
    expect(body).toEqual(JSON.parse(JSON.stringify(openApi(version))))
  })

  it('show the description as a page that fetches nothing from elsewhere', async () => {
    const { headers, text } = await api.call('GET', '/docs', undefined, nobody)
    expect(headers.get('content-type')).toMatch(/^text\/html/)
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(text).not.toMatch(/https?:|\/\//)
    const parts = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(parts.length).toBeGreaterThan(3)
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//)
      const asset = await api.call('GET', part, undefined, nobody)
      expect([part, asset.status]).toEqual([part, 200])
    }
    const start = await api.call('GET', '/docs/start.js', undefined, nobody)
    expect(start.text).toContain('/openapi.json')
    expect(start.text).not.toMatch(/https?:/)
  })

  it('give each request an id, its caller’s own where it has one', async () => {
    const given = await api.call('GET', '/healthz', undefined, { headers: { 'x-request-id': 'abc-1' } })
    expect(given.headers.get('x-request-id')).toBe('abc-1')
    const odd = await api.call('GET', '/healthz', undefined, { headers: { 'x-request-id': 'a b' } })
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('bind every route of the contract', async () => {
    for (const route of Object.values<Route>(ROUTES)) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x')
      const { body } = await api.call('OPTIONS', path, undefined, nobody)
      expect([path, body['code']]).toEqual([path, 'method_not_allowed'])
      expect(body['allowed_methods']).toContain(route.method.toUpperCase())
    }
  })
})

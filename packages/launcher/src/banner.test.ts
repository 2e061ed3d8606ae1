import { describe, expect, it } from '@jest/globals'
import { renderBanner } from './banner.ts'

const FACTS = {
  url: 'http://127.0.0.1:8081',
  dataDirectory: '/data',
  database: 'private',
  adminToken: { value: 'token-value', generated: true },
  webhookSecret: { value: 'secret-value', generated: true },
}

describe('renderBanner', () => {
  it('shows what was generated, and a command on one line that carries the token', () => {
    const text = renderBanner(FACTS)
    expect(text).toContain('secret-value')
    expect(text).toContain('http://127.0.0.1:8081/api/v1/webhooks/forgejo')
    const command = text.split('\n').find((line) => line.includes('curl')) ?? ''
    expect(command).toContain('http://127.0.0.1:8081/api/v1/tasks')
    expect(command).toContain('Bearer token-value')
    expect(JSON.parse(/-d '(.*)'/.exec(command)?.[1] ?? '')).toEqual({
      title: expect.any(String) as unknown,
      prompt: expect.any(String) as unknown,
    })
  })

  it('does not repeat secrets that were given', () => {
    const given = {
      adminToken: { value: 'token-value', generated: false },
      webhookSecret: { value: 'secret-value', generated: false },
    }
    const text = renderBanner({ ...FACTS, ...given })
    expect(text).not.toMatch(/token-value|secret-value/)
    expect(text).toContain('$SWITCHYARD_ADMIN_TOKEN')
  })
})

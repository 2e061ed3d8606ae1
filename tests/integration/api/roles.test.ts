import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { ROLES, ROUTES } from '@switchyard/contract'
import type { Role, Route } from '@switchyard/contract'
import { postAgent, TOKENS } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi({ hostCheckMilliseconds: 1 })
const tokens: Record<Role, string> = { ...TOKENS, agent: '' }
beforeAll(async () => {
  tokens.agent = (await postAgent(api)).token
})

// Those that would answer for ever are covered by events.test.ts.
const routes = Object.values<Route>(ROUTES).filter(({ operationId }) => operationId !== 'streamEvents')
const withRoles = routes.filter(({ roles }) => roles.length > 0)
const forAnybody = routes.filter(({ roles }) => roles.length === 0)
const path = (route: Route): string => route.path.replaceAll(/\{\w+\}/g, randomUUID())
const body = (route: Route): object | undefined => (route.body === undefined ? undefined : {})

describe.each(withRoles)('$operationId', (route) => {
  it.each(ROLES)('as %s', async (role) => {
    const { status, body: answer } = await api.call(route.method.toUpperCase(), path(route), body(route), {
      token: tokens[role],
    })
    expect(status).not.toBe(401)
    if (route.roles.includes(role)) {
      expect(answer['allowed_roles'] ?? []).not.toEqual(route.roles)
    } else {
      expect(status).toBe(403)
      expect(answer).toMatchObject({ code: 'forbidden', allowed_roles: route.roles })
      expect(answer['detail']).toContain(`The token has the role ${role}, and the call is for `)
    }
  })

  it('without a token', async () => {
    const { status } = await api.call(route.method.toUpperCase(), path(route), body(route), { token: null })
    expect(status).toBe(401)
  })
})

describe('streamEvents', () => {
  it('is not for agents', async () => {
    expect((await api.call('GET', '/api/v1/events', undefined, { token: tokens.agent })).status).toBe(403)
    expect((await api.call('GET', '/api/v1/events', undefined, { token: null })).status).toBe(401)
  })
})

describe.each(forAnybody)('$operationId', (route) => {
  it('needs no token', async () => {
    const { body: answer } = await api.call(route.method.toUpperCase(), path(route), undefined, {
      token: null,
    })
    expect(answer['code']).not.toBe('unauthenticated')
  })
})

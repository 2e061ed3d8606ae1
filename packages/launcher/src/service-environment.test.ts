import { expect, it } from '@jest/globals'
import { serviceEnvironments } from './service-environment.ts'

it('gives each service what the launcher settled, and no older or other form of it', () => {
  const { api, dispatcher } = serviceEnvironments(
    {
      PATH: '/bin',
      PORT: '0',
      DATABASE_URL_FILE: '/run/secrets/url',
      SWITCHYARD_ADMIN_TOKEN: 'given',
      SWITCHYARD_LEASE_SECONDS: '20',
      UNSET: undefined,
    },
    {
      databaseUrl: 'postgres://127.0.0.1:5432/switchyard',
      dataDirectory: '/data',
      host: '127.0.0.1',
      port: 8081,
      healthPort: 0,
      secrets: {
        adminToken: { value: 'given', generated: false },
        webhookSecret: { value: 'made', generated: true },
      },
    },
  )
  const shared = {
    PATH: '/bin',
    DATABASE_URL: 'postgres://127.0.0.1:5432/switchyard',
    SWITCHYARD_DATA_DIR: '/data',
    SWITCHYARD_LEASE_SECONDS: '20',
  }
  expect(api).toEqual({
    ...shared,
    HOST: '127.0.0.1',
    PORT: '8081',
    SWITCHYARD_ADMIN_TOKEN: 'given',
    SWITCHYARD_WEBHOOK_SECRET: 'made',
  })
  expect(dispatcher).toEqual({ ...shared, SWITCHYARD_HEALTH_PORT: '0' })
})

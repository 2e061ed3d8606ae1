import { describe, expect, it } from '@jest/globals'
import { ConfigError } from '@switchyard/platform'
import { readConfig } from './config.ts'

const DATABASE_URL = 'postgres://127.0.0.1/switchyard'

describe('the configuration', () => {
  it('needs nothing but a database', () => {
    const { config, warnings } = readConfig({ DATABASE_URL })
    expect(config).toMatchObject({
      SWITCHYARD_DISPATCH_INTERVAL_SECONDS: 10,
      SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: 30,
      SWITCHYARD_START_SECONDS: 30,
      SWITCHYARD_LEASE_SECONDS: 90,
      SWITCHYARD_SHUTDOWN_GRACE_SECONDS: 25,
      SWITCHYARD_HEALTH_PORT: 8081,
    })
    expect(warnings).toEqual([])
  })

  it('knows the variables of the other service, and points at misspelt ones', () => {
    const { warnings } = readConfig({
      DATABASE_URL,
      SWITCHYARD_ADMIN_TOKEN: 'secret',
      SWITCHYARD_WEBHOOK_SECRET_FILE: '/run/secrets/webhook',
      SWITCHYARD_LEASE_SECOND: '60',
    })
    expect(warnings).toEqual([
      'SWITCHYARD_LEASE_SECOND is not a variable that is read here: did you mean SWITCHYARD_LEASE_SECONDS?',
    ])
  })

  it('names all bad values together', () => {
    const read = () => readConfig({ SWITCHYARD_LEASE_SECONDS: '0', SWITCHYARD_HEALTH_PORT: 'x' })
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(/DATABASE_URL[^]*SWITCHYARD_LEASE_SECONDS[^]*SWITCHYARD_HEALTH_PORT/)
  })
})

import { describe, expect, it } from '@jest/globals'
import { ApiVariables, readConfig as readApiConfig } from '@switchyard/api'
import { DispatcherConfig, readConfig as readDispatcherConfig } from '@switchyard/dispatcher'

const REQUIRED = {
  DATABASE_URL: 'postgres://localhost/switchyard',
  SWITCHYARD_ADMIN_TOKEN: 'a-token-of-the-administrator',
  SWITCHYARD_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
}
const VARIABLES = { ...ApiVariables.properties, ...DispatcherConfig.properties }
const SHARED = Object.keys(ApiVariables.properties).filter((name) => name in DispatcherConfig.properties)

/** Empty counts as unset, and still as there. */
const everything = { ...Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, ''])), ...REQUIRED }

describe('one environment for both services', () => {
  it('holds no variable that one of them takes for a misspelling', () => {
    expect(readApiConfig(everything).warnings).toEqual([])
    expect(readDispatcherConfig(everything).warnings).toEqual([])
  })

  it.each(SHARED)('means the same by %s', (name) => {
    const defaults = [ApiVariables, DispatcherConfig].map(({ properties }) => {
      const variable: object = properties[name as keyof typeof properties]
      return Object.fromEntries(
        Object.entries(variable).filter(([key]) => key === 'type' || key === 'default'),
      )
    })
    expect(defaults[0]).toEqual(defaults[1])
  })
})

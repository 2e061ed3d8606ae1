import { describe, expect, it } from '@jest/globals'
import { ApiVariables, readConfig as readApiConfig } from '@switchyard/api'
import { DispatcherConfig, readConfig as readDispatcherConfig } from '@switchyard/dispatcher'
import { LauncherConfig } from '@switchyard/launcher'
import { ALL_VARIABLES, SHARED_VARIABLES } from '@switchyard/platform'
import { COMMAND_LINE_VARIABLES } from '../support/configuration-page.ts'

const REQUIRED = {
  DATABASE_URL: 'postgres://localhost/switchyard',
  SWITCHYARD_ADMIN_TOKEN: 'a-token-of-the-administrator',
  SWITCHYARD_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
}
const DECLARED = [ApiVariables, DispatcherConfig, LauncherConfig, COMMAND_LINE_VARIABLES].flatMap(
  ({ properties }) => Object.keys(properties),
)

/** Empty counts as unset, and still as there. */
const everything = { ...Object.fromEntries(DECLARED.map((name) => [name, ''])), ...REQUIRED }

describe('one environment for all programs', () => {
  it('holds no variable that one of them takes for a misspelling', () => {
    expect(readApiConfig(everything).warnings).toEqual([])
    expect(readDispatcherConfig(everything).warnings).toEqual([])
  })

  it('has no variable that is known and that nobody reads', () => {
    expect(ALL_VARIABLES.filter((name) => !DECLARED.includes(name))).toEqual([])
  })

  it('means the same to both services', () => {
    const shared = Object.keys(ApiVariables.properties).filter((name) => name in DispatcherConfig.properties)
    expect(new Set(shared)).toEqual(new Set(Object.keys(SHARED_VARIABLES)))
    for (const { properties } of [ApiVariables, DispatcherConfig])
      expect(properties).toMatchObject(SHARED_VARIABLES)
  })
})

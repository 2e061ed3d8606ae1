import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { ApiVariables } from '@switchyard/api'
import { DispatcherConfig } from '@switchyard/dispatcher'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Addresses within the containers, which the compose file or the image says, and what is no variable of one in a container. */
const FIXED = [
  'DATABASE_URL',
  'HOST',
  'PORT',
  'SWITCHYARD_HEALTH_HOST',
  'SWITCHYARD_HEALTH_PORT',
  'SSH_AUTH_SOCK',
]
const SERVICES = [
  ['api', ApiVariables],
  ['dispatcher', DispatcherConfig],
] as const

let compose = ''
let overlay = ''
let example = ''

beforeAll(async () => {
  compose = await readFile(`${ROOT}docker-compose.yml`, 'utf8')
  overlay = await readFile(`${ROOT}docker-compose.secrets.yml`, 'utf8')
  example = await readFile(`${ROOT}.env.example`, 'utf8')
})

describe('the compose file', () => {
  it.each(SERVICES)('hands all that can be set to %s', (service, { properties }) => {
    const passed = [...block('x-settings: &settings'), ...block(`  ${service}:`)].flatMap((line) => {
      const [, name = '', value = ''] = /^ +(\w+): (.*)$/.exec(line) ?? []
      return value.startsWith(`\${${name}:-}`) || value.startsWith(`\${${name}:?`) ? [name] : []
    })
    expect(passed.sort()).toEqual(
      Object.keys(properties)
        .filter((name) => !FIXED.includes(name))
        .sort(),
    )
  })

  it('reads what the example has, and nothing else', () => {
    const read = [...(compose + overlay).matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
    expect(new Set(assignments().keys())).toEqual(new Set([...read, 'COMPOSE_FILE']))
  })

  it('takes every secret of the API from a file as well', () => {
    for (const [name, variable] of Object.entries(ApiVariables.properties)) {
      if ('secret' in variable)
        expect(overlay).toMatch(new RegExp(`^ +${name}_FILE: /run/secrets/\\w+$`, 'm'))
    }
  })
})

describe('the example of .env', () => {
  it.each(SERVICES)('has the defaults of %s', (_service, { properties }) => {
    const shown = assignments()
    for (const [name, variable] of Object.entries(properties)) {
      if (FIXED.includes(name) || !('default' in variable)) continue
      const { default: value } = variable as { default: unknown }
      expect([name, shown.get(name)]).toEqual([name, String(value)])
    }
  })
})

/** The lines below the one that is this, as far as they are further in. */
function block(head: string): string[] {
  const lines = compose.split('\n')
  const start = lines.indexOf(head) + 1
  const depth = head.search(/\S/)
  const end = lines.findIndex((line, index) => index >= start && line !== '' && line.search(/\S/) <= depth)
  return lines.slice(start, end)
}

/** What the example sets, or would when the number sign before it were taken away. */
function assignments(): Map<string, string> {
  return new Map(
    [...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}

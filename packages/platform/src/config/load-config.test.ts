import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import Type from 'typebox'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load-config.ts'

const Schema = Type.Object({
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: 'Where to listen' }),
  DATABASE_URL: Type.String({ minLength: 12, secret: true, description: 'The database' }),
  LOG_LEVEL: Type.Enum(['debug', 'info'], { default: 'info' }),
  SWITCHYARD_LEASE_SECONDS: Type.Number({ exclusiveMinimum: 0, default: 90 }),
  SWITCHYARD_WEBHOOK_SECRET: Type.Array(Type.String({ minLength: 4 }), { default: [], secret: true }),
  SWITCHYARD_PAUSED: Type.Boolean({ default: false }),
  SWITCHYARD_RULES_FILE: Type.Optional(Type.String()),
})
const URL = 'postgres://localhost/switchyard'

function problemsOf(env: Record<string, string>): Record<string, string> {
  try {
    loadConfig(Schema, env)
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map((one) => [one.variable, one.message]))
    throw error
  }
  return {}
}

describe('loadConfig', () => {
  let directory: string
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'switchyard-config-'))))
  afterEach(() => rmSync(directory, { recursive: true }))

  it('fills in defaults and leaves optional variables out', () => {
    const { config, warnings } = loadConfig(Schema, { DATABASE_URL: URL })
    expect(config).toEqual({
      PORT: 8080,
      DATABASE_URL: URL,
      LOG_LEVEL: 'info',
      SWITCHYARD_LEASE_SECONDS: 90,
      SWITCHYARD_WEBHOOK_SECRET: [],
      SWITCHYARD_PAUSED: false,
    })
    expect(warnings).toEqual([])
  })

  it('coerces numbers, booleans and lists, and takes an empty text for unset', () => {
    const { config } = loadConfig(Schema, {
      DATABASE_URL: URL,
      PORT: '0',
      LOG_LEVEL: '',
      SWITCHYARD_LEASE_SECONDS: '1.5',
      SWITCHYARD_WEBHOOK_SECRET: 'old-one, new-one,',
      SWITCHYARD_PAUSED: 'true',
    })
    expect(config).toMatchObject({
      PORT: 0,
      LOG_LEVEL: 'info',
      SWITCHYARD_LEASE_SECONDS: 1.5,
      SWITCHYARD_WEBHOOK_SECRET: ['old-one', 'new-one'],
      SWITCHYARD_PAUSED: true,
    })
  })

  it('is frozen, lists included', () => {
    const { config } = loadConfig(Schema, { DATABASE_URL: URL, SWITCHYARD_WEBHOOK_SECRET: 'secret' })
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.SWITCHYARD_WEBHOOK_SECRET)).toBe(true)
  })

  it('names all bad values together, each with what was expected and what came', () => {
    expect(
      problemsOf({
        PORT: 'eighty',
        LOG_LEVEL: 'loud',
        SWITCHYARD_LEASE_SECONDS: '0',
        SWITCHYARD_PAUSED: 'maybe',
      }),
    ).toEqual({
      PORT: 'expected an integer from 0 to 65535, got "eighty"',
      DATABASE_URL: 'required, expected text of at least 12 characters (The database)',
      LOG_LEVEL: 'expected one of debug, info, got "loud"',
      SWITCHYARD_LEASE_SECONDS: 'expected a number greater than 0, got "0"',
      SWITCHYARD_PAUSED: 'expected true or false, got "maybe"',
    })
  })

  it('never shows what a secret contains', () => {
    const problems = problemsOf({ DATABASE_URL: 'hunter2', SWITCHYARD_WEBHOOK_SECRET: 'long-enough,abc' })
    expect(problems['DATABASE_URL']).toBe(
      'expected text of at least 12 characters, got 7 characters that are not shown',
    )
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|long-enough|abc/)
  })

  it('reads a variable from the file that NAME_FILE names', () => {
    const path = join(directory, 'url')
    writeFileSync(path, `${URL}\n`)
    expect(loadConfig(Schema, { DATABASE_URL_FILE: path }).config.DATABASE_URL).toBe(URL)
  })

  it('refuses NAME together with NAME_FILE, and a file that is missing or empty', () => {
    const path = join(directory, 'empty')
    writeFileSync(path, '\n')
    expect(problemsOf({ DATABASE_URL: URL, DATABASE_URL_FILE: path })).toEqual({
      DATABASE_URL: 'set either DATABASE_URL or DATABASE_URL_FILE, not both',
    })
    expect(problemsOf({ DATABASE_URL_FILE: path })).toEqual({
      DATABASE_URL_FILE: `the file ${path} is empty`,
    })
    expect(problemsOf({ DATABASE_URL_FILE: join(directory, 'none') })).toEqual({
      DATABASE_URL_FILE: expect.stringContaining('ENOENT') as unknown,
    })
  })

  it('reports unknown variables of ours, with the one that was probably meant', () => {
    const { warnings } = loadConfig(
      Schema,
      {
        DATABASE_URL: URL,
        SWITCHYARD_LEASE_SECOND: '5',
        SWITCHYARD_SOMETHING_ELSE_ENTIRELY: '1',
        SWITCHYARD_HOSTS_FILE: 'hosts.yaml',
        PATH: '/bin',
      },
      { knownElsewhere: ['SWITCHYARD_HOSTS_FILE'] },
    )
    expect(warnings).toEqual([
      'SWITCHYARD_LEASE_SECOND is not a variable that is read here: did you mean SWITCHYARD_LEASE_SECONDS?',
      'SWITCHYARD_SOMETHING_ELSE_ENTIRELY is not a variable that is read here',
    ])
  })
})

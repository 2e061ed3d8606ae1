import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { keptValue } from './kept-value.ts'
import { loadSecrets, newSecret } from './secrets.ts'

let directory: string
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'switchyard-secrets-'))))
afterEach(() => rm(directory, { recursive: true }))

describe('loadSecrets', () => {
  it('makes secrets once and finds them again', async () => {
    const first = await loadSecrets(directory, {})
    expect(first.adminToken.value).toMatch(/^[\w-]{32}$/)
    expect(first.adminToken.value).not.toBe(first.webhookSecret.value)
    expect(await loadSecrets(directory, {})).toEqual(first)
  })

  it('takes what is given, and writes it nowhere', async () => {
    const { adminToken, webhookSecret } = await loadSecrets(directory, {
      adminToken: 'mine',
      webhookSecret: 'also mine',
    })
    expect(adminToken).toEqual({ value: 'mine', generated: false })
    expect(webhookSecret).toEqual({ value: 'also mine', generated: false })
    await expect(stat(join(directory, 'admin-token'))).rejects.toThrow('ENOENT')
  })
})

describe('keptValue', () => {
  it('gives all that come at once the same value, in a file of mode 600', async () => {
    const path = join(directory, 'value')
    const values = await Promise.all(Array.from({ length: 8 }, () => keptValue(path, newSecret)))
    expect(new Set(values).size).toBe(1)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })
})

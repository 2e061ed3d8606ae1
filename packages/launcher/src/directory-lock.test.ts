import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { acquireLock, LockedError } from './directory-lock.ts'
import { processIdentity } from './process-identity.ts'

describe('acquireLock', () => {
  let directory: string
  let path: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'switchyard-lock-'))
    path = join(directory, 'lock')
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('is held by one at a time and leaves nothing behind', async () => {
    const release = await acquireLock(path)
    await expect(acquireLock(path)).rejects.toThrow(LockedError)
    await expect(acquireLock(path)).rejects.toMatchObject({ pid: process.pid })
    await release()
    const again = await acquireLock(path)
    await again()
    expect(await readdir(directory)).toEqual([])
  })

  it.each([
    ['a process that is gone', '999999999 boot:1'],
    ['a process whose id another one has now', `${process.pid} another-boot:1`],
    ['nobody, in words that make no sense', 'garbage'],
  ])('is taken over from %s', async (_, record) => {
    await writeFile(path, record)
    const release = await acquireLock(path)
    await expect(acquireLock(path)).rejects.toThrow(LockedError)
    await release()
  })

  it('is won by exactly one of many that find a stale lock', async () => {
    await writeFile(path, '999999999 boot:1')
    const attempts = await Promise.allSettled(Array.from({ length: 2 }, () => acquireLock(path)))
    expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1)
  })
})

describe('processIdentity', () => {
  it('is the same for a process as long as it lives, and null for none', () => {
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid))
    expect(processIdentity(process.pid)).not.toBeNull()
    expect(processIdentity(999_999_999)).toBeNull()
  })
})

import { describe, expect, it } from '@jest/globals'
import { blockingReason } from '@switchyard/core'
import { errorOf, findingsOf } from './host-findings.ts'
import type { Examination, SshCheck } from './ssh/index.ts'

const key = `SHA256:${'a'.repeat(43)}`
const otherKey = `SHA256:${'b'.repeat(43)}`
const GIBIBYTE = 1024 ** 3
const good: Examination = {
  launcher: null,
  command: 'ready',
  survey: { clockSkewSeconds: 0, freeDiskBytes: 5 * GIBIBYTE, user: 'agent', system: 'Linux 6 x86_64' },
}

function checkOf(changes: Partial<Examination> = {}): SshCheck {
  return { failure: null, shownHostKeySha256: key, examination: { ...good, ...changes } }
}

function outcomesOf(check: SshCheck): string {
  const { findings } = findingsOf({ hostKeySha256: key }, check)
  return Object.values(findings)
    .map(({ outcome }) => outcome)
    .join(' ')
}

describe('findingsOf', () => {
  it('has nothing against a host that is in order', () => {
    const found = findingsOf({ hostKeySha256: key }, checkOf())
    expect(Object.values(found.findings).every(({ outcome }) => outcome === 'ok')).toBe(true)
    expect(found).toMatchObject({
      clockSkewSeconds: 0,
      freeDiskBytes: 5 * GIBIBYTE,
      remoteUser: 'agent',
      remoteSystem: 'Linux 6 x86_64',
    })
    expect(blockingReason(found)).toBeNull()
    expect(errorOf(checkOf())).toBeNull()
  })

  // connection, host_key, launcher, workdir, command, clock, disk
  it.each<[string, SshCheck, string]>([
    [
      'cannot be reached',
      {
        failure: { kind: 'unreachable', message: 'no route' },
        shownHostKeySha256: null,
        examination: null,
      },
      'problem unknown unknown unknown unknown unknown unknown',
    ],
    [
      'shows another key',
      {
        failure: { kind: 'host_key_mismatch', message: 'another' },
        shownHostKeySha256: otherKey,
        examination: null,
      },
      'problem problem unknown unknown unknown unknown unknown',
    ],
    [
      'starts nothing',
      checkOf({ launcher: 'nologin', command: null }),
      'ok ok problem unknown unknown ok ok',
    ],
    [
      'lacks the workdir',
      checkOf({ command: { kind: 'workdir_missing', message: 'no directory' } }),
      'ok ok ok problem unknown ok ok',
    ],
    [
      'lacks the command',
      checkOf({ command: { kind: 'command_not_found', message: 'no program' } }),
      'ok ok ok ok problem ok ok',
    ],
    [
      'has a wrong clock and a full disk',
      checkOf({ survey: { clockSkewSeconds: -31, freeDiskBytes: 9, user: null, system: null } }),
      'ok ok ok ok ok problem problem',
    ],
    ['tells nothing', checkOf({ survey: null }), 'ok ok ok ok ok unknown unknown'],
  ])('of a host that %s', (_name, check, outcomes) => {
    expect(outcomesOf(check)).toBe(outcomes)
  })

  it('names the jump host that failed', () => {
    const failure = { kind: 'unreachable' as const, message: 'no route', hop: 'gate' }
    const check = { failure, shownHostKeySha256: null, examination: null }
    expect(findingsOf({ hostKeySha256: key }, check).findings.connection.message).toContain(
      'see that the jump host gate is up',
    )
  })
})

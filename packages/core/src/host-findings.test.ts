import { describe, expect, it } from '@jest/globals'
import { blockingReason, HOST_CHECK_SUBJECTS } from './host-findings.ts'
import type { HostCheckSubject, HostFindings } from './host-findings.ts'

function withProblem(...problems: HostCheckSubject[]): Pick<HostFindings, 'findings'> {
  const entries = HOST_CHECK_SUBJECTS.map((subject) => [
    subject,
    { outcome: problems.includes(subject) ? 'problem' : 'ok', message: subject },
  ])
  return { findings: Object.fromEntries(entries) as HostFindings['findings'] }
}

describe('blockingReason', () => {
  it.each<[HostCheckSubject, string | null]>([
    ['launcher', 'launcher'],
    ['workdir', 'workdir'],
    ['command', 'command'],
    ['clock', null],
    ['disk', null],
    ['connection', null],
    ['host_key', null],
  ])('of a problem with the %s is %s', (subject, reason) => {
    expect(blockingReason(withProblem(subject))).toBe(reason)
  })

  it('is the first of several', () => {
    expect(blockingReason(withProblem('disk', 'command', 'workdir'))).toBe('workdir')
  })
})

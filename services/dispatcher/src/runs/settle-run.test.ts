import { describe, expect, it } from '@jest/globals'
import type { SettledTask } from '@switchyard/core'
import { actionFor, settlementFor } from './settle-run.ts'
import type { RunFacts } from './settle-run.ts'

const FACTS: RunFacts = {
  hostId: 'builder',
  workdir: '/work',
  program: 'agent',
  timeoutSeconds: 60,
  summary: 'one\nall done',
  started: true,
  stopCause: null,
}

const TASK: SettledTask = {
  status: 'running',
  executionMode: 'ssh_cli',
  attempt: 1,
  forgivenAttempts: 0,
  maxAttempts: 3,
  deliveries: 1,
  cancelRequestedAt: null,
  cancelReason: null,
}

describe('what the end of a run means', () => {
  it('is success for exit code 0 and nothing else', () => {
    expect(actionFor({ kind: 'exited', code: 0 }, FACTS)).toEqual({
      kind: 'complete',
      result: { summary: 'one\nall done', exit_code: 0 },
    })
    expect(actionFor({ kind: 'exited', code: 3 }, FACTS)).toEqual({
      kind: 'fail',
      error: {
        code: 'exit_code',
        message: 'The command exited with code 3 on host builder. Its last line: all done',
      },
      retryable: true,
    })
  })

  it.each([
    [{ kind: 'killed', signal: 'SIGKILL' }, 'killed_by_signal', true],
    [{ kind: 'timed_out' }, 'timed_out', true],
    [{ kind: 'workdir_missing', message: 'no' }, 'workdir_missing', false],
    [{ kind: 'command_not_found', message: 'no' }, 'command_not_found', false],
  ] as const)('is a failure for %j', (result, code, retryable) => {
    const action = actionFor(result, FACTS)
    expect(action).toMatchObject({ kind: 'fail', error: { code }, retryable })
    expect(JSON.stringify(action)).toContain('host builder')
  })

  it('gives a task back when its command provably never started', () => {
    expect(actionFor({ kind: 'not_started', message: 'no shell' }, FACTS)).toEqual({
      kind: 'release',
      reason: 'host builder did not start the command: no shell',
    })
  })

  it('gives a task back that its host did not start before the start deadline', () => {
    const facts = { ...FACTS, started: false, stopCause: 'lease_expired' } as const
    expect(actionFor({ kind: 'cancelled' }, facts)).toEqual({
      kind: 'release',
      reason: 'it was not started before the start deadline on host builder',
    })
  })

  it.each([
    { kind: 'connection_lost', message: 'it is gone' },
    { kind: 'kill_unverified', cause: 'timed_out', message: 'it is gone' },
  ] as const)('never goes back to the queue when the outcome is unknown: $kind', (result) => {
    for (const stopCause of [null, 'dispatcher_stopped', 'cancel_requested', 'lease_expired'] as const) {
      const action = actionFor(result, { ...FACTS, stopCause })
      expect(action).toMatchObject({ kind: 'unknown', message: expect.stringContaining('it is gone') })
      if (action.kind !== 'unknown') continue
      expect(settlementFor(action, TASK, 20, 0.5)).toMatchObject({
        event: 'fail',
        error: { code: 'outcome_unknown' },
      })
      expect(
        settlementFor(action, { ...TASK, cancelRequestedAt: new Date(0), cancelReason: 'closed' }, 20, 0.5),
      ).toEqual({ event: 'confirm_cancel', reason: `closed. ${action.message}` })
    }
  })

  it('lets go of a task whose lease was taken back, however the run ended', () => {
    const facts = { ...FACTS, stopCause: 'lease_lost' } as const
    expect(actionFor({ kind: 'cancelled' }, facts)).toEqual({ kind: 'let_go' })
    expect(actionFor({ kind: 'exited', code: 0 }, facts)).toEqual({ kind: 'let_go' })
  })

  it('keeps what was done although somebody asked to stop', () => {
    const facts = { ...FACTS, stopCause: 'cancel_requested' } as const
    expect(actionFor({ kind: 'exited', code: 0 }, facts)).toMatchObject({ kind: 'complete' })
  })

  it('hands back what a stopping dispatcher stopped, without counting the attempt', () => {
    const action = actionFor({ kind: 'cancelled' }, { ...FACTS, stopCause: 'dispatcher_stopped' })
    expect(action).toEqual({ kind: 'release', reason: 'the dispatcher was stopped' })
    if (action.kind !== 'release') return
    expect(settlementFor(action, TASK, 20, 0.5)).toEqual({
      event: 'hand_back',
      reason: 'the dispatcher was stopped',
    })
    expect(settlementFor(action, { ...TASK, status: 'claimed' }, 20, 0.5)).toMatchObject({ event: 'unclaim' })
    expect(settlementFor(action, { ...TASK, deliveries: 20 }, 20, 0.5)).toMatchObject({
      event: 'undeliverable',
    })
  })

  it('tries again what had to be stopped because the database was away', () => {
    const action = actionFor({ kind: 'cancelled' }, { ...FACTS, stopCause: 'lease_expired' })
    expect(action).toMatchObject({ kind: 'fail', error: { code: 'lease_expired' }, retryable: true })
    if (action.kind !== 'fail') return
    expect(settlementFor(action, TASK, 20, 0.5)).toMatchObject({ event: 'retry' })
    expect(settlementFor(action, { ...TASK, attempt: 3 }, 20, 0.5)).toMatchObject({ event: 'fail' })
  })

  it('ends as cancelled what was cancelled', () => {
    const action = actionFor({ kind: 'cancelled' }, { ...FACTS, stopCause: 'cancel_requested' })
    expect(action.kind).toBe('fail')
    if (action.kind !== 'fail') return
    const task = { ...TASK, cancelRequestedAt: new Date(0), cancelReason: 'issue closed' }
    expect(settlementFor(action, task, 20, 0.5)).toEqual({ event: 'confirm_cancel', reason: 'issue closed' })
  })
})

import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { settleFailure, settleRelease } from './settle.ts'
import type { SettledTask } from './settle.ts'

const error = { code: 'exit_code', message: 'The command ended with 3.' }
const running: SettledTask = {
  status: 'running',
  executionMode: 'http_pull',
  attempt: 1,
  forgivenAttempts: 0,
  maxAttempts: 3,
  deliveries: 1,
  cancelRequestedAt: null,
  cancelReason: null,
}

describe('a failure', () => {
  it('is retried after a pause while attempts are left', () => {
    const settlement = settleFailure(running, { error, retryable: true }, 0.5)
    expect(settlement).toEqual({ event: 'retry', error, delaySeconds: 10 })
  })

  it('ends the task when the last attempt failed', () => {
    const last = { ...running, attempt: 3 }
    expect(settleFailure(last, { error, retryable: true }, 0)).toEqual({ event: 'fail', error })
  })

  it('ends the task at once when it is not retryable', () => {
    expect(settleFailure(running, { error, retryable: false }, 0)).toEqual({ event: 'fail', error })
  })

  it('does not count attempts that were handed back', () => {
    const handedBack = { ...running, attempt: 5, forgivenAttempts: 3 }
    expect(settleFailure(handedBack, { error, retryable: true }, 0).event).toBe('retry')
  })

  it('of a task that is to be cancelled confirms the cancellation, with its reason', () => {
    const cancelled = { ...running, cancelRequestedAt: new Date(0), cancelReason: 'the issue was closed' }
    const settlement = settleFailure(cancelled, { error, retryable: true }, 0)
    expect(settlement).toEqual({ event: 'confirm_cancel', reason: 'the issue was closed' })
  })

  it('leads to as many attempts as max_attempts allows, never more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(5), (maxAttempts, forgivenAttempts) => {
        let attempt = forgivenAttempts + 1
        const again = (): boolean =>
          settleFailure({ ...running, attempt, forgivenAttempts, maxAttempts }, { error, retryable: true }, 0)
            .event === 'retry'
        while (again()) attempt += 1
        expect(attempt - forgivenAttempts).toBe(maxAttempts)
      }),
    )
  })
})

describe('giving back', () => {
  it('what was not started costs no attempt', () => {
    const claimed: SettledTask = { ...running, status: 'claimed' }
    expect(settleRelease(claimed, 'busy', 20)).toEqual({ event: 'unclaim', reason: 'busy' })
  })

  it('what was started returns it to the queue', () => {
    expect(settleRelease(running, 'a drain', 20)).toEqual({ event: 'hand_back', reason: 'a drain' })
  })

  it('an orphan that was never started costs no attempt', () => {
    expect(settleRelease({ ...running, status: 'orphaned' }, 'no trace of it', 20)).toEqual({
      event: 'requeue',
      reason: 'no trace of it',
    })
  })

  it('too often fails the task, with the last reason', () => {
    const settlement = settleRelease({ ...running, deliveries: 20 }, 'busy', 20)
    expect(settlement).toMatchObject({ event: 'undeliverable', error: { code: 'undeliverable' } })
    expect(JSON.stringify(settlement)).toContain('busy')
  })
})

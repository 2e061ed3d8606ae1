import { describe, expect, it } from '@jest/globals'
import type { SettledTask } from '@switchyard/core'
import { placeOf } from './run-place.ts'
import { actionFor, settlementFor } from './run-action.ts'
import type { RunFacts } from './run-action.ts'

const HOST: RunFacts['host'] = {
  id: 'builder',
  workdir: '/work',
  command: ['agent'],
  timeoutSeconds: 60,
  user: 'me',
  hostKeySha256: 'SHA256:x',
  env: {},
}

const FACTS: RunFacts = {
  host: HOST,
  orphan: null,
  summary: 'one\nall done',
  letGoCause: null,
  cancelRequested: false,
}

const ORPHAN = { logBytes: 0, place: placeOf(HOST), probes: 2 }

const TASK: SettledTask & { orphanedSeconds: number } = {
  status: 'running',
  executionMode: 'ssh_cli',
  attempt: 1,
  forgivenAttempts: 0,
  maxAttempts: 3,
  deliveries: 1,
  cancelRequestedAt: null,
  cancelReason: null,
  orphanedSeconds: 0,
}
const CANCELLED = { cancelRequestedAt: new Date(0), cancelReason: 'issue closed' }

const LIMITS = { maxDeliveries: 20, orphanTimeoutSeconds: 3600 }

function exited(code: number, changes: { timedOut?: boolean; resultFile?: Buffer } = {}) {
  return { kind: 'exited', code, timedOut: false, resultFile: null, ...changes } as const
}

function settlement(
  action: ReturnType<typeof actionFor>,
  task: Partial<typeof TASK> = {},
): ReturnType<typeof settlementFor> {
  if (action.kind === 'complete' || action.kind === 'let_go')
    throw new Error(`settles nothing: ${action.kind}`)
  return settlementFor(action, { ...TASK, ...task }, LIMITS, 0.5)
}

describe('what the end of a run means', () => {
  it('is success for exit code 0 and nothing else', () => {
    expect(actionFor(exited(0), FACTS)).toEqual({
      kind: 'complete',
      result: { summary: 'one\nall done', exit_code: 0 },
    })
    expect(actionFor(exited(3), FACTS)).toEqual({
      kind: 'fail',
      error: {
        code: 'exit_code',
        message: 'The command exited with code 3 on host builder. Its last line: all done',
      },
      retryable: true,
    })
    expect(actionFor(exited(0, { timedOut: true }), FACTS)).toMatchObject({ error: { code: 'timed_out' } })
  })

  it('is no success without a word or a result where output is required', () => {
    const silent = (value: string): RunFacts => ({
      ...FACTS,
      host: { ...HOST, env: { SWITCHYARD_REQUIRE_OUTPUT: value } },
      summary: '',
    })
    expect(actionFor(exited(0), silent('1'))).toMatchObject({ error: { code: 'no_output' }, retryable: true })
    expect(actionFor(exited(0), silent('0'))).toMatchObject({ kind: 'complete', result: { summary: '' } })
    expect(actionFor(exited(0), { ...silent('1'), summary: 'done' })).toMatchObject({ kind: 'complete' })
    const resultFile = Buffer.from('{"branch":"fix"}')
    expect(actionFor(exited(0, { resultFile }), silent('1'))).toMatchObject({ result: { branch: 'fix' } })
  })

  it('is what the command left in its result file', () => {
    const resultFile = Buffer.from('{"summary":"Fixed\\u0000.","branch":"fix","exit_code":9,"more":[1]}')
    expect(actionFor(exited(0, { resultFile }), FACTS)).toEqual({
      kind: 'complete',
      result: { summary: 'Fixed.', branch: 'fix', exit_code: 0, more: [1] },
    })
  })

  it.each(['', 'no JSON', '[1]', 'null', '"text"', '{"summary":'])(
    'leaves a result file alone that says %j',
    (text) => {
      expect(actionFor(exited(0, { resultFile: Buffer.from(text) }), FACTS)).toMatchObject({
        result: { summary: 'one\nall done', exit_code: 0 },
      })
    },
  )

  it.each([
    [exited(137), 'killed_by_signal', true],
    [exited(143, { timedOut: true }), 'timed_out', true],
    [{ kind: 'lost' }, 'process_vanished', true],
    [{ kind: 'workdir_missing', message: 'no' }, 'workdir_missing', false],
    [{ kind: 'command_not_found', message: 'no' }, 'command_not_found', false],
  ] as const)('is a failure for %j', (end, code, retryable) => {
    const action = actionFor(end, FACTS)
    expect(action).toMatchObject({ kind: 'fail', error: { code }, retryable })
    expect(JSON.stringify(action)).toContain('host builder')
  })

  it('gives a task back when its command provably never started', () => {
    const reason = 'host builder did not start the command: no shell'
    const action = actionFor({ kind: 'not_started', message: 'no shell' }, FACTS)
    expect(action).toEqual({ kind: 'release', reason })
    expect(settlement(action)).toEqual({ event: 'hand_back', reason })
    expect(settlement(action, { status: 'claimed' })).toMatchObject({ event: 'unclaim' })
    expect(settlement(action, { deliveries: 20 })).toMatchObject({ event: 'undeliverable' })
  })

  it('never goes back to the queue when the outcome is unknown', () => {
    const action = actionFor({ kind: 'kill_unverified', message: 'it is there' }, FACTS)
    expect(settlement(action)).toMatchObject({
      event: 'fail',
      error: { code: 'outcome_unknown', message: expect.stringContaining('it is there') },
    })
    expect(settlement(action, CANCELLED)).toMatchObject({
      event: 'confirm_cancel',
      reason: expect.stringMatching(/^issue closed\. .*it is there/),
    })
  })

  it('lets go of a task whose lease was taken back, however the run ended', () => {
    const facts = { ...FACTS, letGoCause: 'lease_lost' } as const
    expect(actionFor({ kind: 'let_go' }, facts)).toEqual({ kind: 'let_go' })
    expect(actionFor(exited(0), facts)).toEqual({ kind: 'let_go' })
  })

  it('lets go without a word when the lease ran out', () => {
    expect(actionFor({ kind: 'let_go' }, { ...FACTS, letGoCause: 'lease_expired' })).toEqual({
      kind: 'let_go',
    })
  })

  it('keeps what was done although somebody asked to stop', () => {
    expect(actionFor(exited(0), { ...FACTS, cancelRequested: true })).toMatchObject({ kind: 'complete' })
  })

  it('ends as cancelled what was cancelled', () => {
    const action = actionFor({ kind: 'cancelled' }, { ...FACTS, cancelRequested: true })
    expect(settlement(action, CANCELLED)).toEqual({ event: 'confirm_cancel', reason: 'issue closed' })
  })

  it('hands a run over when the dispatcher stops, and gives back what has not begun', () => {
    const facts = { ...FACTS, letGoCause: 'dispatcher_stopped' } as const
    expect(settlement(actionFor({ kind: 'let_go' }, facts))).toEqual({
      event: 'orphan',
      reason: 'the dispatcher was stopped',
    })
    expect(settlement(actionFor({ kind: 'not_begun' }, facts), { status: 'claimed' })).toMatchObject({
      event: 'unclaim',
    })
  })

  it('orphans a run whose host cannot be reached', () => {
    expect(settlement(actionFor({ kind: 'out_of_reach', message: 'no route' }, FACTS))).toEqual({
      event: 'orphan',
      reason: 'host builder cannot be reached: no route',
    })
  })
})

describe('what looking for an orphan means', () => {
  const facts = { ...FACTS, orphan: ORPHAN }

  it('goes back to the queue for nothing when it never started', () => {
    const action = actionFor({ kind: 'never_started' }, facts)
    expect(settlement(action, { status: 'orphaned' })).toMatchObject({ event: 'requeue' })
    expect(settlement(action, { status: 'orphaned', ...CANCELLED })).toMatchObject({
      event: 'confirm_cancel',
    })
  })

  it('is unknown when it had said something, and nothing is left of it', () => {
    const action = actionFor({ kind: 'never_started' }, { ...facts, orphan: { ...ORPHAN, logBytes: 5 } })
    expect(settlement(action, { status: 'orphaned' })).toMatchObject({ event: 'abandon' })
  })

  it('proves nothing at another place than where it was started', () => {
    const moved = { ...facts, host: { ...HOST, user: 'somebody-else' } }
    expect(actionFor({ kind: 'never_started' }, moved)).toMatchObject({ kind: 'postpone', probes: 3 })
  })

  it('stays an orphan until the deadline, then is given up with what is unknown', () => {
    const action = actionFor({ kind: 'not_probed', message: 'no route' }, facts)
    expect(action).toMatchObject({ kind: 'postpone', probes: 3 })
    expect(settlement(action, { status: 'orphaned', orphanedSeconds: 3599 })).toBeNull()
    const late = { status: 'orphaned', orphanedSeconds: 3600 } as const
    expect(settlement(action, late)).toMatchObject({
      event: 'abandon',
      error: { code: 'outcome_unknown', message: expect.stringContaining('no route') },
    })
    expect(settlement(action, { ...late, ...CANCELLED })).toMatchObject({ event: 'confirm_cancel' })
  })

  it('is left to others at once when the dispatcher stops, adopted or not', () => {
    const action = actionFor({ kind: 'let_go' }, { ...facts, letGoCause: 'dispatcher_stopped' })
    expect(settlement(action, { status: 'orphaned', orphanedSeconds: 9999 })).toBeNull()
    expect(settlement(action)).toMatchObject({ event: 'orphan' })
  })
})

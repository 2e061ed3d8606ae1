import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { fixedClock } from '@switchyard/platform'
import type { RenewedLease } from '@switchyard/store'
import { keepLease } from './lease-keeper.ts'
import { RunControl } from './run-control.ts'

const HELD = { cancelRequested: false } as RenewedLease
const CANCEL = { cancelRequested: true } as RenewedLease

/** A lease of 90 s with a start deadline of 30 s. What each renewal answers is up to the test. */
function hold(answer: () => Promise<RenewedLease | null>) {
  const clock = fixedClock(new Date(0))
  const control = new RunControl()
  const renewedAt: number[] = []
  const errors: unknown[] = []
  const lease = keepLease({
    clock,
    control,
    startSeconds: 30,
    leaseSeconds: 90,
    renew: () => {
      renewedAt.push(clock.now().getTime() / 1000)
      return answer()
    },
    onError: (error) => errors.push(error),
  })
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      clock.advance(1000)
      await nextTurn()
    }
  }
  return { lease, control, renewedAt, errors, pass }
}

describe('keeping a lease', () => {
  it('renews it three times per its length, until it is stopped', async () => {
    const { lease, control, renewedAt, pass } = hold(() => Promise.resolve(HELD))
    await pass(5)
    expect(await lease.start()).toBe(true)
    await pass(200)
    expect(renewedAt).toEqual([5, 35, 65, 95, 125, 155, 185])
    lease.stop()
    await pass(200)
    expect(renewedAt).toHaveLength(7)
    expect(control.letGoCause()).toBeNull()
  })

  it('lets go of the run when the start deadline passes', async () => {
    const { control, pass } = hold(() => Promise.resolve(HELD))
    await pass(29)
    expect(control.letGoCause()).toBeNull()
    await pass(1)
    expect(control.letGoCause()).toBe('lease_expired')
  })

  it('does not start a run whose claim was taken back', async () => {
    const { lease, control } = hold(() => Promise.resolve(null))
    expect(await lease.start()).toBe(false)
    expect(control.letGoCause()).toBe('lease_lost')
  })

  it('does not start a run that is to be cancelled', async () => {
    const { lease, control } = hold(() => Promise.resolve(CANCEL))
    expect(await lease.start()).toBe(false)
    expect(control.isCancelRequested()).toBe(true)
    lease.stop()
  })

  it('tries again while the database is away, for as long as the lease lasts', async () => {
    let away = false
    const { lease, control, errors, renewedAt, pass } = hold(() =>
      away ? Promise.reject(new Error('away')) : Promise.resolve(HELD),
    )
    await lease.start()
    away = true
    await pass(50)
    expect(errors.length).toBeGreaterThan(10)
    away = false
    await pass(1)
    expect(control.letGoCause()).toBeNull()
    const last = renewedAt.at(-1) ?? 0
    away = true
    await pass(last + 89 - 51)
    expect(control.letGoCause()).toBeNull()
    await pass(1)
    expect(control.letGoCause()).toBe('lease_expired')
    lease.stop()
  })

  it('counts from before the question: an answer that never comes extends nothing', async () => {
    let silent = false
    const { lease, control, pass } = hold(() =>
      silent ? new Promise(() => undefined) : Promise.resolve(HELD),
    )
    await lease.start()
    silent = true
    await pass(89)
    expect(control.letGoCause()).toBeNull()
    await pass(1)
    expect(control.letGoCause()).toBe('lease_expired')
    lease.stop()
  })

  it('gives up starting when the deadline passes without an answer', async () => {
    const { lease, pass } = hold(() => new Promise(() => undefined))
    const starting = lease.start()
    await pass(30)
    expect(await starting).toBe(false)
  })
})

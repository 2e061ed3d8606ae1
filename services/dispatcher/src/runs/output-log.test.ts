import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { fixedClock } from '@switchyard/platform'
import type { AppendLogResult } from '@switchyard/store'
import { OutputLog } from './output-log.ts'
import { RunControl } from './run-control.ts'

const KIBIBYTE = 1024

interface Append {
  readonly offset: number
  readonly bytes: Buffer
  answer(result: AppendLogResult | undefined): void
}

function openLog(start = 0) {
  const clock = fixedClock(new Date(0))
  const control = new RunControl()
  const appends: Append[] = []
  const output = new OutputLog({
    clock,
    control,
    offset: start,
    append: (offset, bytes) => new Promise((answer) => appends.push({ offset, bytes, answer })),
  })
  /** Answers the append that waits as the database would. */
  async function store(): Promise<void> {
    const append = appends.at(-1)
    const nextOffset = (append?.offset ?? 0) + (append?.bytes.length ?? 0)
    append?.answer({ kind: 'appended', nextOffset, cancelRequested: false })
    await nextTurn()
  }
  return { clock, control, appends, output, store }
}

describe('the output of a run', () => {
  it('is stored in batches, in order, at byte offsets', async () => {
    const { clock, appends, output, store } = openLog()
    await output.write(Buffer.from('grüße '))
    await output.write(Buffer.from('and more'))
    expect(appends).toHaveLength(0)
    clock.advance(100)
    await nextTurn()
    await output.write(Buffer.from('the end'))
    await store()
    clock.advance(100)
    await nextTurn()
    await store()
    expect(appends.map(({ offset, bytes }) => [offset, bytes.toString()])).toEqual([
      [0, 'grüße and more'],
      [16, 'the end'],
    ])
    await output.finish()
  })

  it('is stored at once when 256 KiB have come, and no more is taken while as much waits', async () => {
    const { appends, output, store } = openLog()
    await output.write(Buffer.from('a'.repeat(160 * KIBIBYTE)))
    const full = output.write(Buffer.from('b'.repeat(160 * KIBIBYTE)))
    await nextTurn()
    expect(appends.map(({ bytes }) => bytes.length)).toEqual([320 * KIBIBYTE])
    await full
    let taken = false
    const waiting = output.write(Buffer.from('c'.repeat(256 * KIBIBYTE))).then(() => (taken = true))
    await nextTurn()
    expect(taken).toBe(false)
    await store()
    await waiting
    await store()
    await output.finish()
    expect(appends.map(({ bytes }) => String.fromCharCode(bytes[0] ?? 0))).toEqual(['a', 'c'])
  })

  it('is complete when finish resolves', async () => {
    const { appends, output, store } = openLog()
    await output.write(Buffer.from('last words'))
    let finished = false
    const finishing = output.finish().then(() => (finished = true))
    await nextTurn()
    expect(appends).toHaveLength(1)
    expect(finished).toBe(false)
    await store()
    await finishing
    expect(output.summary()).toBe('last words')
  })

  it('is not stored twice when the answer to an append was lost', async () => {
    const { appends, output, store } = openLog()
    await output.write(Buffer.from('once'))
    const finishing = output.finish()
    await nextTurn()
    appends[0]?.answer({ kind: 'wrong_offset', expectedOffset: 4 })
    await finishing
    await output.write(Buffer.from('!'))
    const again = output.finish()
    await nextTurn()
    await store()
    await again
    expect(appends.map(({ offset, bytes }) => [offset, bytes.toString()])).toEqual([
      [0, 'once'],
      [4, '!'],
    ])
  })

  it('lets go of the run when the lease is lost, and takes the rest without storing it', async () => {
    const { control, appends, output } = openLog()
    await output.write(Buffer.from('x'.repeat(256 * KIBIBYTE)))
    await nextTurn()
    appends[0]?.answer({ kind: 'lease_lost' })
    await nextTurn()
    expect(control.letGoCause()).toBe('lease_lost')
    await output.write(Buffer.from('y'.repeat(512 * KIBIBYTE)))
    await output.finish()
    expect(appends).toHaveLength(1)
  })

  it('passes on a request to cancel', async () => {
    const { clock, control, appends, output } = openLog()
    await output.write(Buffer.from('hello'))
    clock.advance(100)
    await nextTurn()
    appends[0]?.answer({ kind: 'appended', nextOffset: 5, cancelRequested: true })
    await nextTurn()
    expect(control.isCancelRequested()).toBe(true)
    await output.finish()
  })

  it('goes on where somebody else stopped, with half a character if need be', async () => {
    const { appends, output, store } = openLog(7)
    const bytes = Buffer.from('€uro')
    output.recall(Buffer.concat([Buffer.from('before '), bytes.subarray(0, 1)]))
    await output.write(bytes.subarray(1, 2))
    await output.write(bytes.subarray(2))
    expect(output.end()).toBe(12)
    const finishing = output.finish()
    await nextTurn()
    await store()
    await finishing
    expect(appends.map(({ offset, bytes: stored }) => [offset, stored])).toEqual([[7, bytes.subarray(1)]])
    expect(output.summary()).toBe('before €uro')
  })

  it('lets go when the log has grown by somebody else’s hand', async () => {
    const { control, appends, output } = openLog()
    await output.write(Buffer.from('mine'))
    const finishing = output.finish()
    await nextTurn()
    appends[0]?.answer({ kind: 'wrong_offset', expectedOffset: 9 })
    await finishing
    expect(appends).toHaveLength(1)
    expect(control.letGoCause()).toBe('lease_lost')
  })
})

import { describe, expect, it } from '@jest/globals'
import { createScanMemory } from './scan-memory.ts'
import type { Place } from './scan-memory.ts'

const place = (turn: number, position = turn, lane = '1'): Place => ({ lane, priority: 3, turn, position })
const labels = ['linux']

describe('the memory of scans', () => {
  it('lets every scan begin at the beginning while that costs little', () => {
    const scan = createScanMemory()
    expect(scan.begin(labels, 0)).toEqual({ fromBeginning: true, places: [] })
    scan.end(labels, { fromBeginning: true, cost: 0.1, claimed: [place(1)], reachedEnd: false }, 1)
    expect(scan.begin(labels, 3)).toEqual({ fromBeginning: true, places: [] })
  })

  it('gives scans from the beginning a twentieth of the time', () => {
    const scan = createScanMemory()
    scan.begin(labels, 0)
    scan.end(labels, { fromBeginning: true, cost: 10, claimed: [place(7)], reachedEnd: false }, 10)
    expect(scan.begin(labels, 209)).toEqual({ fromBeginning: false, places: [place(7)] })
    expect(scan.untilNext(labels, 209)).toBe(1)
    expect(scan.begin(labels, 210)).toMatchObject({ fromBeginning: true })
    // Under way: nobody else begins one.
    expect(scan.begin(labels, 211)).toMatchObject({ fromBeginning: false })
    expect(scan.begin(['other'], 211)).toMatchObject({ fromBeginning: true })
  })

  it('keeps the last place of each lane', () => {
    const scan = createScanMemory()
    const claimed = [place(2, 9), place(2, 4), place(1, 20), place(1, 5, '2')]
    scan.end(labels, { fromBeginning: true, cost: 10, claimed, reachedEnd: true }, 0)
    expect(scan.begin(labels, 1).places).toEqual([place(2, 9), place(1, 5, '2')])
  })

  it('goes back for what is left before the place, and not for what was used up', () => {
    const scan = createScanMemory()
    const end = { fromBeginning: true, cost: 10 }
    scan.end(labels, { ...end, claimed: [place(9)], reachedEnd: false }, 0)
    scan.end(labels, { ...end, claimed: [place(3)], reachedEnd: true }, 0)
    expect(scan.begin(labels, 1).places).toEqual([place(9)])
    scan.end(labels, { ...end, claimed: [place(4)], reachedEnd: false }, 0)
    expect(scan.begin(labels, 1).places).toEqual([place(4)])
  })

  it('keeps the places of the lanes where something was claimed last, and no more than 256', () => {
    const scan = createScanMemory()
    const end = { fromBeginning: true, cost: 10, reachedEnd: true }
    const lanes = Array.from({ length: 300 }, (_, lane) => String(lane))
    for (const lane of lanes) {
      const claimed = [place(1, 1, lane), place(1, 1, 'busy')]
      scan.end(labels, { ...end, claimed }, 0)
    }
    const kept = scan.begin(labels, 1).places.map(({ lane }) => lane)
    expect(kept).toEqual([...lanes.slice(-255), 'busy'])
  })

  it('hands out the reached turns now and then, each once', () => {
    const scan = createScanMemory()
    const end = { fromBeginning: true, cost: 0, reachedEnd: false }
    scan.end(labels, { ...end, claimed: [place(4), place(5), place(2, 1, '2')] }, 0)
    expect(scan.takeReached(0)).toEqual([
      { lane: '1', priority: 3, turn: 6 },
      { lane: '2', priority: 3, turn: 3 },
    ])
    expect(scan.takeReached(500)).toEqual([])
    scan.end(labels, { ...end, claimed: [place(6)] }, 500)
    expect(scan.takeReached(501)).toEqual([{ lane: '1', priority: 3, turn: 7 }])
    scan.end(labels, { ...end, claimed: [place(7)] }, 502)
    expect(scan.takeReached(700)).toEqual([])
    expect(scan.takeReached(701)).toEqual([{ lane: '1', priority: 3, turn: 8 }])
  })
})

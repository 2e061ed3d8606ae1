import { describe, expect, it } from '@jest/globals'
import {
  ENDED_STATUSES,
  hasEnded,
  HELD_STATUSES,
  isHeld,
  TASK_STATUSES,
  UNHELD_STATUSES,
} from './task-status.ts'
import { TRANSITIONS } from './transitions.ts'
import type { Transition } from './transitions.ts'

const transitions: readonly Transition[] = Object.values(TRANSITIONS)

describe('the statuses', () => {
  it('are unheld, held or ended, and only one of them', () => {
    expect([...UNHELD_STATUSES, ...HELD_STATUSES, ...ENDED_STATUSES]).toEqual([...TASK_STATUSES])
    for (const status of TASK_STATUSES) expect(hasEnded(status) && isHeld(status)).toBe(false)
  })
})

describe('the transitions', () => {
  it('lead out of every status that is not an end', () => {
    for (const status of TASK_STATUSES.filter((candidate) => !hasEnded(candidate))) {
      expect(transitions.some(({ from }) => from.includes(status))).toBe(true)
    }
  })

  it('lead from every status to an end', () => {
    const reaches = new Set<string>(ENDED_STATUSES)
    for (let before = -1; before !== reaches.size;) {
      before = reaches.size
      for (const { from, to } of transitions)
        if (reaches.has(to)) for (const status of from) reaches.add(status)
    }
    expect([...reaches].sort()).toEqual([...TASK_STATUSES].sort())
  })

  it('leave an end by a rerun only', () => {
    const leaving = Object.entries<Transition>(TRANSITIONS).filter(([, { from }]) => from.some(hasEnded))
    expect(leaving.map(([name]) => name)).toEqual(['rerun'])
  })

  it('never start a task that may still be running elsewhere', () => {
    const outOfOrphaned = Object.entries<Transition>(TRANSITIONS).filter(([, { from }]) =>
      from.includes('orphaned'),
    )
    const toTheQueue = outOfOrphaned.filter(([, { to }]) => to === 'pending' || to === 'claimed')
    // Only what provably never started.
    expect(toTheQueue.map(([name]) => name)).toEqual(['requeue'])
  })
})

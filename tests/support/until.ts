import { setTimeout as delay } from 'node:timers/promises'

/** Waits until the condition gives something other than false, null or undefined, and returns that. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  seconds = 20,
): Promise<NonNullable<T>> {
  const giveUpAt = performance.now() + seconds * 1000
  for (;;) {
    const value = await condition()
    if (value !== false && value !== null && value !== undefined) return value
    if (performance.now() > giveUpAt) throw new Error(`waited ${seconds} s in vain until ${what}`)
    await delay(10)
  }
}

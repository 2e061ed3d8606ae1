/**
 * Does nothing for about so many milliseconds, half to one and a half times, so that no timer of the system beats in step with it. Of none
 * nothing is left: a timer takes a millisecond at least.
 */
export function idleFor(milliseconds: number): Promise<void> {
  if (milliseconds === 0) return Promise.resolve()
  return new Promise((resolve) => setTimeout(resolve, milliseconds * (0.5 + Math.random())))
}

/** Does nothing for about so many milliseconds, half to one and a half times, so that no timer of the system beats in step with it. */
export function idleFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds * (0.5 + Math.random())))
}

import { expect, it } from '@jest/globals'
import { signalOfCode } from './signal-of-code.ts'

it.each([
  [137, 'SIGKILL'],
  [143, 'SIGTERM'],
  [0, null],
  [1, null],
  [128, null],
  [255, null],
])('reads exit status %i as %s', (code, signal) => {
  expect(signalOfCode(code)).toBe(signal)
})

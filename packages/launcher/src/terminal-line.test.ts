import { expect, it } from '@jest/globals'
import { terminalLine } from './terminal-line.ts'

it.each([
  ['{"level":"info","msg":"claimed"}', null],
  ['{"level":"debug","msg":"looked"}', null],
  ['', null],
  ['{"level":"warn","msg":"host cools down"}', '[api] warn: host cools down'],
  [
    '{"level":"error","msg":"dial failed","error":{"message":"refused"}}',
    '[api] error: dial failed: refused',
  ],
  ['{"level":"error","msg":"dial failed","error":"refused"}', '[api] error: dial failed: refused'],
  ['    at main.js:3:1', '[api]     at main.js:3:1'],
  ['{not json', '[api] {not json'],
])('shows %j as %j', (line, shown) => {
  expect(terminalLine('api', line)).toBe(shown)
})

import { describe, expect, it } from '@jest/globals'
import { createTerminalTextStream, terminalLine, terminalText } from './terminal-text.ts'

const HOSTILE: readonly (readonly [string, string])[] = [
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u001b]0;new title\u0007after', 'after'],
  ['\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
  ['\u001bP1$r\u001b\\x', 'x'],
  ['\u001bcreset', 'reset'],
  ['\u001b(0lines', 'lines'],
  ['\u009b2Jclear', 'clear'],
  ['a\u0008\u0008b', 'a␈␈b'],
  ['10 %\r20 %\r\ndone', '10 %\n20 %\ndone'],
  ['tab\tstays', 'tab\tstays'],
  ['\u202egnp.exe', '�gnp.exe'],
  ['zero\u200bwidth\ufeff', 'zero�width�'],
  ['\u001b[', '␛['],
  ['\u007f', '␡'],
  ['👩‍💻 works', '👩‍💻 works'],
]

describe('terminalText', () => {
  it.each(HOSTILE)('makes of %j %j', (text, harmless) => {
    expect(terminalText(text)).toBe(harmless)
  })

  it('puts a title on one line', () => {
    expect(terminalLine(' Fix\n\n  it \u001b[2J\tnow ')).toBe('Fix it now')
  })
})

describe('createTerminalTextStream', () => {
  it.each(HOSTILE)('gives the same for %j, wherever the pieces end', (text, harmless) => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const stream = createTerminalTextStream()
      const whole = stream.write(text.slice(0, cut)) + stream.write(text.slice(cut)) + stream.end()
      // A piece never ends within a character.
      if (!/[\ud800-\udbff]$/.test(text.slice(0, cut))) expect(whole).toBe(harmless)
    }
  })

  it('does not wait for ever for the end of a sequence', () => {
    const stream = createTerminalTextStream()
    expect(stream.write(`\u001b]0;${'x'.repeat(5_000)}`)).toContain('xxx')
  })
})

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { KILL_COMMAND_LINE } from './kill-program.ts'
import { encodePreparation, encodeValue, GO, RUN_COMMAND_LINE } from './remote-program.ts'

describe('encodeValue', () => {
  it.each(['', ' a b ', '\\', '\\n', 'a\nb\n', '\\0101', '%s', '-n', '\'"$(id)`', '€🙂'])(
    'survives printf: %j',
    (value) => {
      const decode = 'IFS= read -r line; printf "%b" "$line"'
      const { stdout } = spawnSync('/bin/sh', ['-c', decode], {
        input: `${encodeValue(value)}\n`,
        encoding: 'utf8',
      })
      expect(stdout).toBe(value)
    },
  )
})

describe('the command lines', () => {
  it.each([RUN_COMMAND_LINE, KILL_COMMAND_LINE])('are one quoted constant on one line', (line) => {
    expect(line).toMatch(/^exec sh -c '[^'\n]+'$/)
  })

  it('start nothing unless told to go', () => {
    const input = encodePreparation({ nonce: 'n', workdir: null, command: ['echo', 'ran'], environment: {} })
    expect(runLocally(input)).toMatch(/^<n ready \d+\n$/)
    expect(runLocally(`${input}${GO}`)).toMatch(/^<n ready \d+\nran\n<n exit 0\n$/)
    expect(runLocally(input.slice(0, -2))).toBe('')
  })
})

describe('encodePreparation', () => {
  it('anchors a relative directory, so that cd takes none for an option or for the last one', () => {
    const lines = (workdir: string | null) => {
      return encodePreparation({ nonce: 'n', workdir, command: ['c'], environment: { A: '1' } }).split('\n')
    }
    expect(lines('-')).toEqual(['n', './-', '1', 'c', '1', 'A=1', ''])
    expect(lines('/srv')[1]).toBe('/srv')
    expect(lines(null)[1]).toBe('')
  })
})

/** Runs it in a shell of its own session, as sshd would; the mark of a control line comes out as `<`. */
function runLocally(input: string): string {
  const program = RUN_COMMAND_LINE.slice("exec sh -c '".length, -1)
  const leader =
    'const c = require("child_process").spawn("/bin/sh", ["-c", process.argv[1]], { detached: true, stdio: "inherit" })'
  const { stdout } = spawnSync(process.execPath, ['-e', leader, program], { input, encoding: 'utf8' })
  return stdout.replaceAll('\u001e', '<')
}

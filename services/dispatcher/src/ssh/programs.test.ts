import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { FOLLOW_COMMAND_LINE } from './follow-program.ts'
import { KILL_COMMAND_LINE } from './kill-program.ts'
import { encodePreparation, LAUNCH_COMMAND_LINE } from './launch-program.ts'
import { encodeValues } from './program-text.ts'

describe('encodeValues', () => {
  it.each(['', ' a b ', '\\', '\\n', 'a\nb\n', '\\0101', '%s', '-n', '\'"$(id)`', '€🙂'])(
    'survives printf: %j',
    (value) => {
      const decode = 'IFS= read -r line; printf "%b" "$line"'
      const { stdout } = spawnSync('/bin/sh', ['-c', decode], {
        input: encodeValues([value]),
        encoding: 'utf8',
      })
      expect(stdout).toBe(value)
    },
  )
})

const PREPARATION = {
  ...{ root: null, id: 'run-1', command: ['sh'], environment: {} },
  ...{ promptBytes: 0, timeoutSeconds: 60, killGraceSeconds: 0.3, killDeadlineSeconds: 5 },
}

describe('encodePreparation', () => {
  it('anchors a relative directory, so that cd takes none for an option or for the last one', () => {
    const workdirOf = (workdir: string | null) =>
      encodePreparation({ ...PREPARATION, workdir }).split('\n')[6]
    expect([workdirOf('-'), workdirOf('/srv'), workdirOf(null)]).toEqual(['./-', '/srv', ''])
  })
})

describe('the command lines', () => {
  it.each([LAUNCH_COMMAND_LINE, FOLLOW_COMMAND_LINE, KILL_COMMAND_LINE])(
    'are quoted constants on one line that every login shell reads alike',
    (line) => expect(line).toMatch(/^exec sh -c '[^'\n!]+' switchyard( '[^'\n!]+')*$/),
  )
})

import { describe, expect, it } from '@jest/globals'
import { refuseRequest } from './refuse-request.ts'

const FINE = {
  root: null,
  id: 'run-1',
  command: ['claude', '-p'],
  workdir: 'work',
  environment: { TASK_ID: "it's\nfine" },
}

describe('refuseRequest', () => {
  it('lets pass what a host can be asked to do', () => {
    expect(refuseRequest(FINE)).toBeNull()
    expect(refuseRequest({ ...FINE, workdir: null, environment: {} })).toBeNull()
  })

  it.each([
    ['an id that is a path', { id: '../run' }, 'id of a run'],
    ['no command', { command: [] }, 'empty'],
    ['an empty program', { command: [''] }, 'empty'],
    ['NUL in an argument', { command: ['a', 'b\0c'] }, 'NUL'],
    ['NUL in the directory', { workdir: '\0' }, 'NUL'],
    ['NUL in a value', { environment: { TASK_ID: '\0' } }, 'TASK_ID'],
    ['an impossible name', { environment: { 'TASK-ID': '' } }, '"TASK-ID"'],
    ['a name with code in it', { environment: { 'A=$(id);B': '' } }, 'cannot be the name'],
    ['a reserved name', { environment: { _sy_nonce: '' } }, 'reserved'],
  ])('refuses %s', (_what, change, reason) => {
    expect(refuseRequest({ ...FINE, ...change })).toContain(reason)
  })
})

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeSsh, sh } from '../../support/ssh-stage.ts'

describeSsh('what never starts', (stage) => {
  const { folder, launch, run } = stage

  it('a command without its directory', async () => {
    const one = folder()
    const command = sh('touch "$1"/ran', stage.directory)
    const result = await launch({ ...one, command, workdir: join(stage.directory, 'missing') })
    expect(result.kind).toBe('workdir_missing')
    expect(JSON.stringify(result)).toContain(stage.directory)
    expect(existsSync(join(stage.directory, 'ran'))).toBe(false)
    expect(existsSync(join(one.root ?? ''))).toBe(false)
  })

  it.each([['no-such-program'], ['exit'], ['./nowhere'], ['/etc/passwd']])(
    'a program that is none: %s',
    async (program) => {
      const result = await launch({ command: [program, '0'] })
      expect(result.kind).toBe('command_not_found')
      expect(JSON.stringify(result)).toContain(program)
    },
  )

  it('a command that the holder may not start', async () => {
    const result = await launch({
      command: sh('touch "$1"/ran', stage.directory),
      onReady: () => Promise.reject(new Error('lease lost')),
    })
    expect(result).toEqual({ kind: 'cancelled' })
    await run({ command: ['true'] })
    expect(existsSync(join(stage.directory, 'ran'))).toBe(false)
  })

  it('a command whose folder cannot be made', async () => {
    writeFileSync(join(stage.directory, 'file'), '')
    const result = await launch({ root: join(stage.directory, 'file') })
    expect(result).toMatchObject({
      kind: 'not_started',
      message: expect.stringContaining('cannot be made'),
    })
  })

  it.each([
    ['an argument with NUL', { command: ['echo', 'a\0b'] }],
    ['a variable with an impossible name', { environment: { 'A-B': '' } }],
    ['nothing', { command: [] }],
  ])('%s', async (_what, changes) => {
    expect((await launch(changes)).kind).toBe('not_started')
  })

  it('what was cancelled before', async () => {
    const result = await launch({ signal: AbortSignal.abort() })
    expect(['cancelled', 'unreachable']).toContain(result.kind)
  })
})

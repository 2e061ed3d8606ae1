import { expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import { isAlive } from '../../support/processes.ts'
import { describeSsh, family, sh } from '../../support/ssh-stage.ts'

describeSsh('killing', (stage) => {
  const { target, folder, launch, follow, start, pidIn } = stage

  it('ends the command with its grandchildren, and sees them gone, over any connection', async () => {
    const one = await start({ command: sh(family, stage.directory) })
    const pids = await Promise.all(['parent', 'child', 'grandchild'].map(pidIn))
    expect(pids.every(isAlive)).toBe(true)
    const other = createSsh({ killGraceSeconds: 0.3 })
    expect(await other.kill(target(), one)).toEqual({ kind: 'gone' })
    await other.close()
    expect(pids.some(isAlive)).toBe(false)
    expect(await follow(one)).toMatchObject({ result: { kind: 'exited', timedOut: false } })
  })

  it('ends what ignores the polite signal, and its last words remain', async () => {
    const stubborn = 'trap "echo no" TERM; echo $$ > "$1"/pid; while :; do sleep 0.01; done'
    const one = await start({ command: sh(stubborn, stage.directory) })
    const pid = await pidIn('pid')
    expect(await stage.ssh.kill(target(), one)).toEqual({ kind: 'gone' })
    expect(isAlive(pid)).toBe(false)
    expect((await follow(one)).output).toContain('no\n')
  })

  it('ends a child that moved to a group of its own', async () => {
    const script = 'set -m; sleep 300 & echo $! > "$1"/child; wait'
    const one = await start({ command: ['bash', '-c', script, 'bash', stage.directory] })
    const child = await pidIn('child')
    expect(await stage.ssh.kill(target(), one)).toEqual({ kind: 'gone' })
    expect(isAlive(child)).toBe(false)
  })

  it('of a run that never started keeps it from ever starting', async () => {
    const one = folder()
    expect(await stage.ssh.kill(target(), one)).toEqual({ kind: 'gone' })
    expect(await launch(one)).toEqual({ kind: 'already' })
  })
})

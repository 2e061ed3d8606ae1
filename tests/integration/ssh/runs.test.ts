import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createSsh } from '@switchyard/dispatcher/ssh'
import { isAlive, livingInGroup } from '../../support/processes.ts'
import { describeSsh, exited, family, sh } from '../../support/ssh-stage.ts'

describeSsh('a run', (stage) => {
  const { target, folder, launch, follow, start, pidIn } = stage

  it('is started once, however often it is launched at once', async () => {
    const one = folder()
    const command = sh('echo ran >> "$1"/ledger', stage.directory)
    const results = await Promise.all(Array.from({ length: 5 }, () => launch({ ...one, command })))
    expect(results.map(({ kind }) => kind).sort()).toEqual([...Array<string>(4).fill('already'), 'launched'])
    expect((await follow(one)).result).toEqual(exited(0))
    expect(readFileSync(join(stage.directory, 'ledger'), 'utf8')).toBe('ran\n')
  })

  it('goes on when everybody is gone, and is found again from any byte', async () => {
    const go = join(stage.directory, 'go')
    const one = await start({
      command: sh('printf "€"; while [ ! -e "$1" ]; do sleep 0.01; done; echo €', go),
    })
    await stage.ssh.close()
    stage.ssh = createSsh()
    writeFileSync(go, '')
    expect((await follow(one)).result).toEqual(exited(0))
    const whole = Buffer.from('€€\n')
    for (let offset = 0; offset <= whole.length; offset += 1)
      expect((await follow(one, { offset })).bytes).toEqual(whole.subarray(offset))
  })

  it('that nobody launched is found never to have started, and never will', async () => {
    const one = folder()
    expect((await follow(one)).result).toEqual({ kind: 'never_started' })
    expect(await launch({ ...one, command: sh('touch "$1"/ran', stage.directory) })).toEqual({
      kind: 'already',
    })
    expect((await follow(one)).result).toEqual({ kind: 'never_started' })
    expect(existsSync(join(stage.directory, 'ran'))).toBe(false)
  })

  it('is fenced off although its launch is under way', async () => {
    const one = folder()
    const result = await launch({
      ...one,
      command: sh('touch "$1"/ran', stage.directory),
      onReady: async () => {
        await follow(one)
      },
    })
    expect(result).toEqual({ kind: 'already' })
    expect((await follow(one)).result).toEqual({ kind: 'never_started' })
    expect(existsSync(join(stage.directory, 'ran'))).toBe(false)
  })

  it('does not touch what its follower leaves: it stops following, and the run goes on', async () => {
    const one = await start({ command: sh('echo $$ > "$1"/pid; exec sleep 300', stage.directory) })
    const pid = await pidIn('pid')
    const leave = new AbortController()
    const following = follow(one, { signal: leave.signal })
    leave.abort()
    expect((await following).result).toMatchObject({ kind: expect.stringMatching(/stopped|unreachable/) })
    expect(isAlive(pid)).toBe(true)
    expect(await stage.ssh.kill(target(), one)).toEqual({ kind: 'gone' })
  })

  it('is ended by the host itself when it is over its time', async () => {
    const one = await start({ command: sh(family, stage.directory), timeoutSeconds: 1 })
    const { result } = await follow(one)
    expect(result).toEqual({ kind: 'exited', code: 143, timedOut: true, resultFile: null })
    expect(livingInGroup(one.processGroup)).toEqual([])
  })

  it('is lost when everything of it was killed', async () => {
    const one = await start({ command: ['sleep', '300'] })
    const [, supervisor] = readFileSync(join(one.root ?? '', one.id, 'life'), 'utf8')
      .split('\n')
      .map(Number)
    process.kill(supervisor!, 'SIGKILL')
    process.kill(one.processGroup, 'SIGKILL')
    expect((await follow(one)).result).toEqual({ kind: 'lost' })
  })
})

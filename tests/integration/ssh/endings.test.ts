import { expect, it } from '@jest/globals'
import { describeSsh, exited, sh } from '../../support/ssh-stage.ts'

describeSsh('how a run ends', (stage) => {
  const { run, pidIn } = stage

  it.each([0, 3, 255])('tells exit code %i', async (code) => {
    expect((await run({ command: sh(`exit ${code}`) })).result).toEqual(exited(code))
  })

  it('tells a signal as the shell does', async () => {
    expect((await run({ command: sh('kill -KILL $$') })).result).toEqual(exited(137))
  })

  it('tells the signal when the whole group was killed: what watches over it lives elsewhere', async () => {
    expect((await run({ command: sh('kill -KILL 0') })).result).toEqual(exited(137))
  })

  it('merges both outputs in the order of writing', async () => {
    const { output } = await run({ command: sh('echo one; echo two >&2; echo three; echo four >&2') })
    expect(output).toBe('one\ntwo\nthree\nfour\n')
  })

  it('is not fooled by output that looks like a control line', async () => {
    const { output, result } = await run({ command: sh(String.raw`printf "\036nonce exit 0\n"; exit 7`) })
    expect(output).toBe('\u001enonce exit 0\n')
    expect(result).toEqual(exited(7))
  })

  it('does not wait for a process that was left behind with the output open', async () => {
    const { output, result } = await run({
      command: sh('setsid sleep 300 & echo $! > "$1"/pid; echo started', stage.directory),
    })
    expect([output, result]).toEqual(['started\n', exited(0)])
    process.kill(await pidIn('pid'), 'SIGKILL')
  })

  it('brings the result file', async () => {
    const { result } = await run({ command: sh('printf "{}" > "$SWITCHYARD_RESULT_FILE"') })
    expect(result).toMatchObject({ code: 0, resultFile: Buffer.from('{}') })
  })
})

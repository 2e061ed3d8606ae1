import { expect, it } from '@jest/globals'
import { createGate } from '../../support/gate.ts'
import { isAlive } from '../../support/processes.ts'
import { describeSsh, exited, sh } from '../../support/ssh-stage.ts'
import { until } from '../../support/until.ts'

describeSsh('output', (stage) => {
  const { target, follow, start, run, pidIn } = stage

  it('comes byte for byte, wherever packets split characters', async () => {
    const text = '€'.repeat(100_000)
    const { bytes, result } = await run({ command: ['cat'], prompt: text })
    expect(result).toEqual(exited(0))
    expect(bytes.toString() === text).toBe(true)
    const raw = await run({ command: ['head', '-c', '3000000', '/dev/urandom'] })
    expect(raw.bytes.length).toBe(3_000_000)
  })

  it('is read no faster than it is taken', async () => {
    const gate = createGate()
    let calls = 0
    let taken = 0
    const one = await start({ command: sh('head -c 50000000 /dev/zero') })
    const following = follow(one, {
      onOutput: async (bytes) => {
        calls += 1
        await gate.opened
        taken += bytes.length
      },
    })
    await until('output arrives', () => calls > 0)
    // Another whole run goes by, over the same connection.
    await run({ command: ['true'] })
    expect(calls).toBe(1)
    gate.open()
    expect((await following).result).toEqual(exited(0))
    expect(taken).toBe(50_000_000)
  })

  it('that nobody takes any more ends the following, and not the run', async () => {
    const one = await start({
      command: sh('echo $$ > "$1"/pid; while :; do echo more; sleep 0.01; done', stage.directory),
    })
    const { result } = await follow(one, { onOutput: () => Promise.reject(new Error('lease lost')) })
    expect(result).toEqual({ kind: 'stopped' })
    expect(isAlive(await pidIn('pid'))).toBe(true)
    await stage.ssh.kill(target(), one)
  })
})

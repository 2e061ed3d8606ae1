import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeSsh, exited, sh } from '../../support/ssh-stage.ts'

describeSsh('what reaches the command', (stage) => {
  const { launch, follow, start, run } = stage

  it('is its input, byte for byte', async () => {
    const prompt = `--help -n\n'; touch ${stage.directory}/pwned; "$(id)" \`id\` \\n \\\\ %s \r\n\t\0 € 🙂\ngo\n${'x'.repeat(1 << 20)}`
    const { output } = await run({
      command: sh('cat > "$1"/prompt; wc -c < "$1"/prompt', stage.directory),
      prompt,
    })
    expect(Number(output)).toBe(Buffer.byteLength(prompt))
    expect(readFileSync(join(stage.directory, 'prompt'), 'utf8') === prompt).toBe(true)
    expect(existsSync(join(stage.directory, 'pwned'))).toBe(false)
  })

  it('is nothing of an input that it does not read', async () => {
    const { result } = await run({ command: ['true'], prompt: 'x'.repeat(4 << 20) })
    expect(result).toEqual(exited(0))
  })

  const HOSTILE = [
    "it's",
    '"$(id)`id`"',
    '$HOME ~ *',
    'two\nlines\n',
    '\\n \\\\ \\',
    '',
    ' ',
    '-n',
    '--',
    '%s',
    '; exit 9',
    '€🙂',
    'a=b',
  ]

  it('is each argument, literally', async () => {
    const { output } = await run({ command: sh('printf "%s|" "$#" "$@"', ...HOSTILE) })
    expect(output).toBe([HOSTILE.length, ...HOSTILE, ''].join('|'))
  })

  it('is each variable, literally, and not in the process list', async () => {
    const environment = Object.fromEntries(HOSTILE.map((value, index) => [`HOSTILE_${index}`, value]))
    const print = HOSTILE.map((_, index) => `"$HOSTILE_${index}"`).join(' ')
    const { output } = await run({ command: sh(`printf "%s|" ${print}`), environment })
    expect(output).toBe([...HOSTILE, ''].join('|'))
    const secret = 'sk-not-for-everybody'
    const look = sh('tr "\\0" " " < /proc/$PPID/cmdline; tr "\\0" " " < /proc/$$/cmdline')
    const shown = await run({ command: look, environment: { SECRET: secret } })
    expect(shown.output).toContain('exec')
    expect(shown.output).not.toContain(secret)
  })

  it('is the working directory, whatever its name', async () => {
    const name = `-e 'it"s $(id)\n`
    await run({ command: ['mkdir', '--', name], workdir: stage.directory })
    const { output } = await run({ command: ['pwd'], workdir: join(stage.directory, name) })
    expect(output).toBe(`${join(stage.directory, name)}\n`)
  })

  it('is where its result belongs', async () => {
    const one = await start({ command: sh('printf "%s" "$SWITCHYARD_RESULT_FILE"') })
    expect((await follow(one)).output).toBe(join(one.root ?? '', one.id, 'result.json'))
  })

  it('is an id that says what it likes to', async () => {
    for (const id of ['', '../x', 'a b', '-x', 'a/b', '$(id)', 'a\nb', "'"])
      expect(await launch({ id })).toMatchObject({
        kind: 'not_started',
        message: expect.stringContaining('id'),
      })
  })
})

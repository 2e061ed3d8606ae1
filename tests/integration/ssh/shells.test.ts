import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import {
  ASK_LOG,
  ASK_RESULT,
  encodeFollow,
  encodeKill,
  encodeNonce,
  encodePreparation,
  encodePrompt,
  FOLLOW_COMMAND_LINE,
  GO,
  KILL_COMMAND_LINE,
  LAUNCH_COMMAND_LINE,
  RESULT_LIMIT_BYTES,
} from '@switchyard/dispatcher/ssh/programs'
import type { Preparation } from '@switchyard/dispatcher/ssh/programs'

const TOOLS = ['sleep', 'mkdir', 'rmdir', 'rm', 'mv', 'ln', 'cat', 'readlink', 'find', 'head', 'wc', 'dd']

/** The shells of this machine that the programs are meant for. `sh` itself is one of them. */
const SHELLS: readonly (readonly [name: string, program: string | null, tools: readonly string[] | 'all'])[] =
  [
    ['dash', which('dash'), 'all'],
    ['bash', which('bash'), 'all'],
    ['busybox ash and its tools', which('busybox'), 'all'],
    ['bash without setsid, as on macOS', which('bash'), TOOLS],
  ]

describe.each(SHELLS.filter(([, program]) => program !== null))('in %s', (name, program, tools) => {
  let bin: string
  let root: string
  beforeAll(() => {
    bin = mkdtempSync(join(tmpdir(), 'switchyard-bin-'))
    const busybox = name.startsWith('busybox') ? program : null
    const names =
      busybox === null
        ? tools === 'all'
          ? []
          : tools
        : spawnSync(busybox, ['--list'], { encoding: 'utf8' })
            .stdout.split('\n')
            .filter((each) => each !== '' && each !== 'sh')
    for (const tool of names) symlinkSync(busybox ?? which(tool) ?? tool, join(bin, tool))
    symlinkSync(program ?? '', join(bin, 'sh'))
  })
  afterAll(() => rmSync(bin, { recursive: true }))
  beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'switchyard runs $(id) '))))
  afterEach(() => {
    for (const id of readdirSync(root)) killRun(id)
    rmSync(root, { recursive: true })
  })

  function environment(): NodeJS.ProcessEnv {
    const path =
      tools === 'all' && !name.startsWith('busybox') ? [bin, process.env['PATH']].join(delimiter) : bin
    return { PATH: path }
  }

  // The login shell may be any: it only has to hand over to sh.
  function run(commandLine: string, input: string): string {
    const options = { input, encoding: 'utf8' as const, env: environment() }
    return spawnSync('/bin/sh', ['-c', commandLine], options).stdout.replaceAll('\u001e', '<')
  }

  /** Launches, and does something between the host's readiness and the word. */
  async function launchAround(
    id: string,
    meanwhile: () => void,
    changes: Partial<Preparation> = {},
  ): Promise<string> {
    const child = spawn('/bin/sh', ['-c', LAUNCH_COMMAND_LINE], { env: environment() })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    const { early, late } = encodePrompt('hi')
    child.stdin.write(
      encodeNonce('n') +
        encodePreparation(preparation({ root, id, command: sh('echo ran'), promptBytes: 2, ...changes })) +
        early,
    )
    while (!existsSync(join(root, id))) await once(spawn('sleep', ['0.01']), 'exit')
    meanwhile()
    child.stdin.end(GO + late)
    await once(child, 'close')
    return said.replaceAll('\u001e', '<')
  }

  const launch = (
    id: string,
    command: string[],
    changes: Partial<Preparation> = {},
    { early, late } = encodePrompt('go!\n'),
  ) =>
    run(
      LAUNCH_COMMAND_LINE,
      encodeNonce('n') +
        encodePreparation(preparation({ root, id, command, promptBytes: 4, ...changes })) +
        early +
        GO +
        late,
    )
  const follow = (id: string, offset = 0, questions = ASK_LOG) =>
    run(FOLLOW_COMMAND_LINE, encodeFollow('n', { root, id }, offset) + questions)
  const killRun = (id: string) => run(KILL_COMMAND_LINE, encodeKill('n', { root, id }, 0.2, 5))
  const sh = (script: string) => ['sh', '-c', script]
  const supervisorOf = (id: string) => Number(readFileSync(join(root, id, 'life'), 'utf8').split('\n')[1])

  async function ended(id: string): Promise<string> {
    for (;;) {
      const said = follow(id)
      if (!said.endsWith('<n running\n')) return said
      await once(spawn('sleep', ['0.05']), 'exit')
    }
  }

  it('start nothing unless told to go, and leave no trace', async () => {
    const said = run(
      LAUNCH_COMMAND_LINE,
      encodeNonce('n') + encodePreparation(preparation({ root, id: 'a-1' })),
    )
    expect(said).toBe('<n ready\n')
    expect(readdirSync(root)).toEqual([])
    const withPrompt =
      encodeNonce('n') + encodePreparation(preparation({ root, id: 'a-1' })) + encodePrompt('hello').early
    expect(run(LAUNCH_COMMAND_LINE, withPrompt)).toBe('<n ready\n')
    expect(readdirSync(root)).toEqual([])
    // What waited for the word names its folder among its arguments.
    while (listProcesses().includes(root)) await once(spawn('sleep', ['0.01']), 'exit')
  })

  it.each([
    ['short', 'a\\nb\\c %s \'"`$(id)\r\n\n-e ü\u0001\n'],
    ['with NUL', 'a\0b\n'],
    ['long', 'line of \\ it\n'.repeat(10_000)],
    ['empty', ''],
  ])('give the command its prompt byte for byte: %s', async (_, prompt) => {
    const changes = { promptBytes: Buffer.byteLength(prompt), environment: { COPY: join(root, 'copy') } }
    launch('a-1', sh('cat > "$COPY"'), changes, encodePrompt(prompt))
    await ended('a-1')
    expect(readFileSync(join(root, 'copy'), 'utf8')).toBe(prompt)
    expect(statSync(join(root, 'a-1', 'prompt')).mode & 0o777).toBe(0o600)
    rmSync(join(root, 'copy'))
  })

  it('start a run once, and tell its output and its end', async () => {
    const command = sh('cat; echo "$GREETING"; echo oops >&2; echo ran >> "$LEDGER"; exit 7')
    const environment = { GREETING: "it's", LEDGER: join(root, 'ledger') }
    expect(launch('a-1', command, { environment })).toMatch(/^<n ready\n<n launched \d+\n$/)
    expect(launch('a-1', command, { environment })).toBe('<n ready\n<n already\n')
    expect(await ended('a-1')).toBe("<n found\ngo!\nit's\noops\n<n exit 7\n")
    expect(follow('a-1', 2, ASK_LOG + ASK_LOG)).toBe("<n found\n!\nit's\noops\n<n exit 7\n<n exit 7\n")
    expect(readFileSync(join(root, 'ledger'), 'utf8')).toBe('ran\n')
    rmSync(join(root, 'ledger'))
  })

  it('start nothing with a prompt that arrived cut short', () => {
    expect(launch('a-1', sh('echo ran'), { promptBytes: 100 }, CUT_SHORT)).toMatch(
      /<n failed the prompt could not/,
    )
    expect(readdirSync(root)).toEqual([])
  })

  it('keep a run from ever starting once somebody has looked for it', () => {
    expect(follow('a-1')).toBe('<n never_started\n')
    expect(launch('a-1', sh('echo ran'))).toBe('<n ready\n<n already\n')
    expect(follow('a-1')).toBe('<n never_started\n')
    expect(killRun('b-1')).toBe('<n gone\n')
    expect(launch('b-1', sh('echo ran'))).toBe('<n ready\n<n already\n')
  })

  it('start nothing when somebody looked for the run after they were ready and before the word', async () => {
    const said = await launchAround('a-1', () => expect(follow('a-1')).toBe('<n never_started\n'))
    expect(said).toBe('<n ready\n<n already\n')
    expect(follow('a-1')).toBe('<n never_started\n')
    expect(readFileSync(join(root, 'a-1', 'log'), 'utf8')).toBe('')
  })

  it('leave the word of a second launch to the first', async () => {
    let second = ''
    const said = await launchAround('a-1', () => (second = launch('a-1', sh('echo ran'))))
    expect(second).toBe('<n ready\n<n already\n')
    expect(said).toMatch(/^<n ready\n<n launched \d+\n$/)
    await ended('a-1')
  })

  it('end a command that is over its time, though nobody watches', async () => {
    launch('a-1', sh('trap "" TERM; echo begun; while :; do sleep 0.1; done'), {
      timeoutSeconds: 1,
      killGraceSeconds: 0.2,
    })
    expect(await ended('a-1')).toBe('<n found\nbegun\n<n exit 137 timed_out\n')
  })

  it('count the time limit from the word on, however long that takes to come', async () => {
    const longer = () => void spawnSync('sleep', ['1.2'])
    await launchAround('a-1', longer, { timeoutSeconds: 1, command: sh('sleep 0.2; echo ran') })
    expect(await ended('a-1')).toBe('<n found\nran\n<n exit 0\n')
  })

  it('end a command with its children, and keep how it ended', async () => {
    launch('a-1', sh('sleep 300 & trap "echo bye" TERM; echo begun; wait; sleep 300'))
    expect(killRun('a-1')).toBe('<n gone\n')
    expect(await ended('a-1')).toMatch(/<n exit (137|143)\n$/)
    expect(killRun('a-1')).toBe('<n gone\n')
  })

  it('end what a command leaves behind in its group, before the end is told', async () => {
    launch('a-1', sh('sleep 300 & echo $! > "$PIDS"'), { environment: { PIDS: join(root, 'pid') } })
    expect(await ended('a-1')).toBe('<n found\n<n exit 0\n')
    expect(isAlive(Number(readFileSync(join(root, 'pid'), 'utf8')))).toBe(false)
    rmSync(join(root, 'pid'))
  })

  it('say that a run is lost when everything of it was killed, and stay with it', async () => {
    const [, group = ''] = /launched (\d+)/.exec(launch('a-1', sh('echo begun; sleep 300'))) ?? []
    expect(follow('a-1')).toMatch(/<n running\n$/)
    process.kill(supervisorOf('a-1'), 'SIGKILL')
    process.kill(-Number(group), 'SIGKILL')
    expect(await ended('a-1')).toMatch(/<n lost\n$/)
    expect(follow('a-1')).toMatch(/<n lost\n$/)
  })

  it('take process ids of an earlier life of the host for nobody’s', () => {
    launch('a-1', sh('sleep 300'))
    const life = join(root, 'a-1', 'life')
    const now = readFileSync(life, 'utf8')
    writeFileSync(life, `another life\n${supervisorOf('a-1')}\n`)
    expect(killRun('a-1')).toBe('<n gone\n')
    expect(isAlive(Number(readFileSync(join(root, 'a-1', 'pgid'), 'utf8')))).toBe(true)
    writeFileSync(life, now)
  })

  it('hand over the result file, and never more than is allowed and one byte', async () => {
    launch('a-1', sh('echo "{}" > "$SWITCHYARD_RESULT_FILE"'))
    await ended('a-1')
    expect(follow('a-1', 0, ASK_LOG + ASK_RESULT)).toBe('<n found\n<n exit 0\n{}\n<n result\n')
    writeFileSync(join(root, 'a-1', 'result.json'), 'x'.repeat(200_000))
    const said = follow('a-1', 0, ASK_RESULT)
    expect(said.length - '<n found\n<n result\n'.length).toBe(RESULT_LIMIT_BYTES + 1)
  })

  it('sweep folders of runs that ended long ago, and no others', async () => {
    for (const id of ['old-1', 'new-1']) {
      launch(id, sh('exit 0'))
      await ended(id)
    }
    for (const name of ['strange', 'killed-1', 'killed-2', 'looked-1', 'fresh-1', 'kept-1'])
      mkdirSync(join(root, name))
    // Launches that were killed leave a folder without a start; one that somebody has looked for is no such.
    writeFileSync(join(root, 'killed-1', 'prompt'), 'hi')
    for (const file of ['prompt', 'life', 'log', 'pgid']) writeFileSync(join(root, 'killed-2', file), '1')
    symlinkSync('never', join(root, 'looked-1', 'started'))
    writeFileSync(join(root, 'kept-1', 'something'), '')
    for (const name of ['strange', 'killed-1', 'killed-2', 'looked-1', 'kept-1'])
      utimesSync(join(root, name), 0, 0)
    utimesSync(join(root, 'old-1', 'exit'), 0, 0)
    launch('b-1', sh('exit 0'))
    await ended('b-1')
    while (['old-1', 'killed-1', 'killed-2'].some((id) => existsSync(join(root, id))))
      await once(spawn('sleep', ['0.05']), 'exit')
    expect(readdirSync(root).sort()).toEqual(['b-1', 'fresh-1', 'kept-1', 'looked-1', 'new-1', 'strange'])
    expect(readdirSync(join(root, 'kept-1'))).toEqual(['something'])
  })
})

/** As a long prompt comes, of which the end is missing. */
const CUT_SHORT = { early: 'later\n', late: 'go!\n' }

function preparation(changes: Partial<Preparation>): Preparation {
  return {
    root: null,
    id: 'run-1',
    timeoutSeconds: 60,
    killGraceSeconds: 0.3,
    killDeadlineSeconds: 5,
    promptBytes: 0,
    workdir: null,
    command: ['sh'],
    environment: {},
    ...changes,
  }
}

function which(program: string): string | null {
  const directories = (process.env['PATH'] ?? '').split(delimiter)
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path)) ?? null
}

/** The command lines of everything that runs. */
function listProcesses(): string {
  return spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout
}

/** A process that has ended counts as one until somebody reaps it: a zombie is not alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout !== '' && !stdout.startsWith('Z')
}

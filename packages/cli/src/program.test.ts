import { describe, expect, it } from '@jest/globals'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { NEXT_COMMAND } from './next-command.ts'
import { createProgram } from './program.ts'

interface Leaf {
  readonly path: string
  readonly command: CommandUnknownOpts
}

let written = ''
const output = { write: (text: string) => (written += text) }
const program = createProgram({
  env: {},
  workingDirectory: '/',
  homeDirectory: '/',
  stdin: process.stdin,
  stdout: output,
  stderr: output,
  now: () => 0,
  version: '1.2.3',
})

function leaves(command: CommandUnknownOpts, path: string): Leaf[] {
  if (command.commands.length === 0) return [{ path, command }]
  return command.commands.flatMap((child) => leaves(child, `${path} ${child.name()}`))
}
const all = leaves(program, 'switchyard')

describe('every command', () => {
  it.each(all)('$path has a description and examples of itself', ({ path, command }) => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/)
    written = ''
    command.outputHelp()
    const [, examples = ''] = written.split('Examples:\n')
    const lines = examples.split('\n').filter((line) => line.includes('$ '))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toContain(`$ ${path}`)
  })

  it.each(all)('$path explains its options, and takes none of the names that all share', ({ command }) => {
    const shared = program.options.flatMap(({ short, long }) => [short, long])
    for (const { short, long, description } of command.options) {
      expect(description).not.toBe('')
      for (const flag of [short, long]) if (flag !== undefined) expect(shared).not.toContain(flag)
    }
  })
})

describe('what to do after a refusal', () => {
  const paths = new Set(all.map(({ path }) => path))

  it.each(Object.entries(NEXT_COMMAND))('%s names commands and options that are there', (_, words) => {
    expect(words).not.toMatch(/(?:GET|POST|PUT|PATCH|DELETE) |\/api\//)
    for (const [named] of words.matchAll(/switchyard(?: [a-z]+)+/g)) {
      const groups = named === 'switchyard hosts' ? [named] : []
      const known = [...paths, ...groups].some((path) => named === path || named.startsWith(`${path} `))
      expect([named, known]).toEqual([named, true])
    }
    const flags = new Set(flagsOf(program))
    for (const [flag] of words.matchAll(/--[a-z-]+/g)) expect(flags).toContain(flag)
  })
})

function flagsOf(command: CommandUnknownOpts): string[] {
  const own = command.options.flatMap(({ long }) => (long == null ? [] : [long]))
  return ['--help', ...own, ...command.commands.flatMap(flagsOf)]
}

// `npm run try:presets`: the presets with the real coding agents, on an agent that pulls and on an SSH host, against a stub of their
// models. Needs Linux and root, because the agents may do everything: they run as a user of their own, with no network but loopback, and
// everything that was started ends with the run. Not part of `npm test`: it installs about 1 GB. docs/presets.md has what was seen.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isPresetName, PRESET_NAMES } from '@switchyard/core'
import { installPrograms } from './install.ts'

const DEFAULT_FOLDER = fileURLToPath(new URL('./installed', import.meta.url))

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: DEFAULT_FOLDER },
      only: { type: 'string', default: PRESET_NAMES.join(',') },
      seconds: { type: 'string', default: '60' },
    },
  })
  const unknown = values.only.split(',').filter((name) => !isPresetName(name))
  if (unknown.length > 0) throw new Error(`--only: no preset is called ${unknown.join(', ')}`)
  if (!/^[1-9]\d*$/.test(values.seconds))
    throw new Error('--seconds takes a whole number: the time limit of runs')
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('It takes Linux and root to give the agents a user and a network of their own.')
  const folder = resolve(values.folder)
  console.log(`installing into ${folder} …`)
  const bin = await installPrograms(folder)
  const inside = fileURLToPath(new URL('./inside.process.ts', import.meta.url))
  // --kill-child: whatever was started ends with it, however it ends.
  const child = spawn(
    'unshare',
    [
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
      ...['sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
      ...[process.execPath, '--import', 'tsx', '--conditions=@switchyard/source', inside],
      ...[folder, bin, values.seconds, values.only],
    ],
    { stdio: 'inherit', cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 1
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROGRAMS } from './programs.ts'

/** Their install scripts put the executable in its place. */
const NEED_THEIR_SCRIPTS = ['@anthropic-ai/claude-code', 'opencode-ai']

/** Installs the coding agents into the folder, in exactly the versions that are tried. Returns where their commands are. */
export async function installPrograms(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const programs = Object.values(PROGRAMS)
  const manifest = {
    private: true,
    dependencies: Object.fromEntries(programs.map((each) => [each.package, each.version])),
    allowScripts: Object.fromEntries(NEED_THEIR_SCRIPTS.map((name) => [name, true])),
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  // ignore-scripts and engine-strict: what this project asks of its own dependencies is nothing to these.
  const options = ['--no-audit', '--no-fund', '--ignore-scripts=false', '--engine-strict=false']
  await promisify(execFile)('npm', ['install', ...options], { cwd: folder })
  return join(folder, 'node_modules', '.bin')
}

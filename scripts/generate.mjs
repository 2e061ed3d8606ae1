// `npm run generate`: rewrites every generated file. What they are stands in tests/support/generated-files.ts.
import { spawnSync } from 'node:child_process'
import { bootstrap, ROOT } from './bootstrap.mjs'

bootstrap()
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', '--conditions=@switchyard/source', 'tests/support/generate.ts'],
  { cwd: ROOT, stdio: 'inherit' },
)
process.exitCode = status ?? 1

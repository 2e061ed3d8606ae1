// `npm start`: installs what is missing, builds, and then is `switchyard up`, which runs the whole system until Ctrl-C.
import { bootstrap, build } from './bootstrap.mjs'

bootstrap()
build('packages/cli', 'services/api', 'services/dispatcher')
process.argv.splice(2, 0, 'up')
// In this very process: signals then need no passing on.
await import('../packages/cli/bin/switchyard.js')

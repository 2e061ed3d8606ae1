// `npm start`: installs what is missing, builds, and runs the whole system until Ctrl-C.
import { bootstrap, build } from './bootstrap.mjs'

bootstrap()
build('packages/launcher', 'services/api', 'services/dispatcher')
// In this very process: signals then need no passing on.
await import('../packages/launcher/dist/main.js')

// `npm run demo`: plays deliveries down all three roads on a private stack, and ends by itself.
import { bootstrap, build } from './bootstrap.mjs'

bootstrap()
build('demo')
await import('../demo/dist/main.js')

#!/usr/bin/env node
import { existsSync } from 'node:fs'

const program = new URL('../dist/main.js', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  process.stderr.write(
    'switchyard has not been built yet. In a clone: npm run build (npm start does it too).\n',
  )
  process.exitCode = 1
}

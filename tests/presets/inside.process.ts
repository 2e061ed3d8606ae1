// The part of `npm run try:presets` that has no network but a loopback interface, and processes of its own.
import { PRESET_NAMES } from '@switchyard/core'
import { startStage } from './stage.ts'
import { describeFindings } from './table.ts'
import type { Finding } from './try-case.ts'
import { tryPreset } from './try-preset.ts'

const [folder = '', bin = '', seconds = '', only = ''] = process.argv.slice(2)
const stage = await startStage(folder)
try {
  const findings: Finding[] = []
  for (const preset of PRESET_NAMES.filter((name) => only.split(',').includes(name))) {
    const onFinding = (each: Finding): void =>
      console.log(
        `${preset}, ${each.case}, ${each.track}: ${each.status} (${each.end}), ${each.seconds.toFixed(1)} s`,
      )
    findings.push(...(await tryPreset(preset, { stage, bin, seconds: Number(seconds), onFinding })))
  }
  console.log(`\n${describeFindings(findings)}`)
  if (findings.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1
} catch (error) {
  console.error(await stage.stack.logs())
  throw error
} finally {
  await stage.stop()
}

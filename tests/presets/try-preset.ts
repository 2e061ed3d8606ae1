import type { PresetName } from '@switchyard/core'
import { startAgentProcess } from '../support/agent-process.ts'
import { ADMIN_TOKEN } from '../support/stack.ts'
import { CASES, WAITING_CASES, type Case } from './cases.ts'
import { PROGRAMS } from './programs.ts'
import { USER, writeHomeFiles, type Stage } from './stage.ts'
import { TRACKS, tryCase, type Finding, type Track } from './try-case.ts'

export interface TryPreset {
  readonly stage: Stage
  /** Where the commands are. */
  readonly bin: string
  readonly seconds: number
  readonly onFinding: (finding: Finding) => void
}

const MOST_AT_ONCE = 4

/** Runs all cases with one preset, on an agent that pulls and on an SSH host. */
export async function tryPreset(preset: PresetName, options: TryPreset): Promise<Finding[]> {
  const { stage, bin, seconds, onFinding } = options
  const { stack, server, model, home } = stage
  const program = PROGRAMS[preset]
  await writeHomeFiles(home, program.files(model.url))
  const env = { ...program.env(model.url), PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  const labels: Readonly<Record<Track, string>> = {
    'agent run': `${preset}-pulls`,
    'SSH host': `${preset}-host`,
  }
  await stack.putHost(
    server,
    { preset, env, labels: [labels['SSH host']], max_concurrent: MOST_AT_ONCE, timeout_seconds: seconds },
    labels['SSH host'],
  )
  const id = labels['agent run']
  const args = ['--id', id, '--labels', id, '--max-concurrent', String(MOST_AT_ONCE)]
  const agent = startAgentProcess(
    { SWITCHYARD_URL: stack.urls[0] ?? '', SWITCHYARD_TOKEN: ADMIN_TOKEN, ...env },
    [...args, '--timeout', String(seconds), '--preset', preset],
    home,
    USER,
  )
  const tryOn = async (track: Track, tried: Case): Promise<Finding> => {
    const finding = await tryCase({ stack, model, preset, track, seconds, label: labels[track] }, tried)
    onFinding(finding)
    return finding
  }
  try {
    await agent.untilRunning()
    const findings: Finding[] = []
    for (const each of CASES) for (const track of TRACKS) findings.push(await tryOn(track, each))
    const waiting = WAITING_CASES.flatMap((each) => TRACKS.map((track) => tryOn(track, each)))
    return [...findings, ...(await Promise.all(waiting))]
  } catch (error) {
    console.error(agent.errors())
    throw error
  } finally {
    agent.kill('SIGTERM')
    await agent.ended
  }
}

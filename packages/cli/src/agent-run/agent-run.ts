import { rm } from 'node:fs/promises'
import { isProblem, type Worker, type WorkEvent } from '@switchyard/client'
import { toFailure } from '../client-failure.ts'
import { SilentExit } from '../failure.ts'
import type { Output } from '../output/output.ts'
import { terminalLine } from '../output/terminal-text.ts'
import type { Settings } from '../settings/settings.ts'
import type { World } from '../world.ts'
import { commandHandler } from './handler.ts'
import { clientOfAgent } from './identity.ts'
import type { AgentRunOptions } from './options.ts'
import { prepareRuns } from './run-folder.ts'
import { startWatchdog } from './watchdog.ts'

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** The terminal and npm may pass one press of Ctrl-C on twice. */
const SAME_PRESS_MILLISECONDS = 500

/** Is an agent until it is told to stop. */
export async function agentRun(
  world: World,
  settings: Settings,
  options: AgentRunOptions,
  out: Output,
): Promise<void> {
  const watchdog = startWatchdog()
  try {
    const client = await clientOfAgent(settings, options)
    const runs = await prepareRuns(options.stateDirectory, options.agentId)
    const worker = client.work(commandHandler({ options, env: world.env, runs, watchdog }), {
      agentId: options.agentId,
      maxConcurrent: options.maxConcurrent,
      drainSeconds: options.drainSeconds,
      onEvent: (event) => tell(out, event),
    })
    tellRunning(out, settings, options)
    stopOnSignals(worker, out)
    try {
      await worker.finished
    } finally {
      if (!options.keepWork) await rm(runs, { recursive: true, force: true }).catch(() => undefined)
    }
  } catch (error) {
    if (isProblem(error, 'unauthenticated', 'agent_not_found')) {
      out.note(`The server does not know the agent ${options.agentId} by this token any more.`)
    }
    if (error instanceof SilentExit) throw error
    throw toFailure(error, settings)
  } finally {
    watchdog.stop()
  }
}

/** The first signal lets the running commands end; the second ends them and gives their tasks back. */
function stopOnSignals(worker: Worker, out: Output): void {
  let firstAt: number | null = null
  const onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now()
    if (firstAt !== null && now - firstAt < SAME_PRESS_MILLISECONDS) return
    const limit = firstAt === null ? {} : { limitSeconds: 0 }
    if (firstAt !== null) out.note(`${name}: ending the commands and giving their tasks back.`)
    else if (worker.running > 0)
      out.note(`${name}: no new tasks; waiting for ${String(worker.running)}. Once more to end them now.`)
    firstAt = now
    worker.stop(limit).catch(() => undefined)
  }
  for (const name of STOP_SIGNALS) process.on(name, onSignal)
}

function tellRunning(out: Output, { url }: Settings, { agentId, command }: AgentRunOptions): void {
  if (out.isJson) out.json({ event: 'running', agent_id: agentId, url })
  else out.note(`Agent ${agentId} takes tasks from ${url} and runs ${command[0]}.`)
}

function tell(out: Output, event: WorkEvent): void {
  const { task, kind } = event
  const why = 'message' in event ? event.message : 'reason' in event ? event.reason : undefined
  if (out.isJson) {
    out.json({
      event: kind,
      task_id: task.id,
      attempt: task.attempt,
      title: task.title,
      status: task.status,
      why,
    })
    return
  }
  const words = [task.id, kind.replace('_', ' '), kind === 'started' ? JSON.stringify(task.title) : why]
  out.note(terminalLine(words.filter((word) => word !== undefined).join('  ')))
}

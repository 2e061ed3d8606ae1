import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { TaskFailure, TaskRelease, WorkAborted, type Task, type WorkHandler } from '@switchyard/client'
import { LastLines, meaningOfExit, runEnvironment } from '@switchyard/core'
import { runChild } from './child.ts'
import type { AgentRunOptions } from './options.ts'
import { cloneRepository, repositoryUrl } from './repository.ts'
import { createRunFolder, readResultFile, type RunFolder } from './run-folder.ts'
import type { Watchdog } from './watchdog.ts'

/** How much output may wait for the server before no more is read. */
const MOST_WAITING_BYTES = 1024 * 1024

export interface HandlerParts {
  readonly options: AgentRunOptions
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where run folders are made. */
  readonly runs: string
  readonly watchdog: Watchdog
}

/** Does a task by running the command on it. */
export function commandHandler(parts: HandlerParts): WorkHandler {
  const { options, runs, watchdog } = parts
  const { agentId, command, timeoutSeconds } = options
  return async (task, context) => {
    const folder = await createRunFolder(runs, task)
    const lines = new LastLines()
    const decoder = new StringDecoder('utf8')
    let unsent = 0
    const say = (text: string): void => {
      lines.add(text)
      context.log(text)
    }
    try {
      await prepareWork(parts, task, folder, context.signal)
      const end = await runChild({
        ...{ command, folder, timeoutSeconds, watchdog },
        signal: context.signal,
        env: {
          ...options.env,
          ...inherited(parts.env),
          ...runEnvironment(task, agentId),
          SWITCHYARD_RESULT_FILE: folder.resultFile,
        },
        async onOutput(bytes) {
          say(decoder.write(bytes))
          unsent += bytes.length
          if (unsent < MOST_WAITING_BYTES) return
          await context.logged()
          unsent = 0
        },
      })
      say(decoder.end())
      if (end.kind === 'not_started') throw notStarted(command[0], agentId, end.error)
      if (context.signal.aborted) throw abortedAs(context.signal.reason, agentId)
      const resultFile = await readResultFile(folder.resultFile)
      const env = { ...options.env, ...parts.env }
      const facts = { where: `by agent ${agentId}`, timeoutSeconds, summary: lines.read(), env }
      const meaning = meaningOfExit({ ...end, resultFile }, facts)
      if (meaning.kind === 'complete') return meaning.result
      const { code, message } = meaning.error
      throw new TaskFailure(message, { code, retryable: meaning.retryable })
    } finally {
      await clean(folder, options)
    }
  }
}

async function prepareWork(
  { options, env }: HandlerParts,
  { source }: Task,
  folder: RunFolder,
  signal: AbortSignal,
): Promise<void> {
  const { repositoryUrl: template, stateDirectory, agentId } = options
  if (template === undefined || source.repository === null) return
  const url = repositoryUrl(template, source.repository)
  const cacheDirectory = join(stateDirectory, 'repositories')
  try {
    await cloneRepository({ url, cacheDirectory, directory: folder.work, env: inherited(env), signal })
  } catch (error) {
    throw signal.aborted ? abortedAs(signal.reason, agentId) : error
  }
}

/** The agent's own environment, without what is meant for the agent: its token is neither the command's nor git's. */
function inherited(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SWITCHYARD_')))
}

function notStarted(program: string, agentId: string, error: NodeJS.ErrnoException): Error {
  const message = `${JSON.stringify(program)} cannot be run by agent ${agentId}: ${error.message}.`
  // Out of processes or memory: that passes.
  if (error.code === 'EAGAIN' || error.code === 'ENOMEM') return new TaskRelease(message)
  return new TaskFailure(message, { code: 'command_not_found', retryable: false })
}

function abortedAs(reason: unknown, agentId: string): Error {
  if (reason instanceof WorkAborted && reason.because === 'stopping') {
    return new TaskRelease(`agent ${agentId} was stopped`)
  }
  return new TaskFailure(`It was ended by agent ${agentId} because somebody asked for it.`, {
    code: 'cancelled',
  })
}

async function clean(folder: RunFolder, { keepWork }: AgentRunOptions): Promise<void> {
  if (keepWork) return
  // What the command left may be in the way of its own removal; the next start tries again.
  await rm(folder.path, { recursive: true, force: true }).catch(() => undefined)
}

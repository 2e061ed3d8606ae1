import type { Log } from './log.ts'

/** The signals that ask for an orderly end. SIGHUP is a closed terminal. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type StopSignal = (typeof STOP_SIGNALS)[number]

/**
 * One press of Ctrl-C can arrive twice: the terminal signals the whole process group, and npm passes its own copy on.
 * A signal that follows the first one within this time is that copy; a later one is a person who does not want to wait.
 */
const SAME_PRESS_MILLISECONDS = 500

/** What we use of `process`, so that tests can hand in their own. */
export interface LifecycleProcess {
  exitCode?: number | string | null | undefined
  on: (event: string, listener: (value: unknown) => void) => unknown
  exit: (code: number) => void
}

export interface LifecycleOptions {
  readonly log: Log
  /** How long all shutdown steps together may take before the process ends anyway, with exit code 1. */
  readonly graceMilliseconds: number
  readonly process?: LifecycleProcess
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic?: () => number
}

export interface Lifecycle {
  /** Aborts once, when the end begins: loops and long requests watch it. */
  readonly signal: AbortSignal
  /**
   * Adds a step to the orderly end. Steps run one after the other, the last added first: whoever registers a resource
   * when it starts has it stopped before what it was built on. A step that throws is logged, and the others still run.
   */
  readonly onShutdown: (name: string, step: () => Promise<void> | void) => void
  /** What must still happen, synchronously, when the end is forced: killing children, for instance. */
  readonly onForcedExit: (action: () => void) => void
  /** Begins the orderly end. The first call decides reason and exit code; a failure later still turns 0 into 1. */
  readonly stop: (reason: string, exitCode?: number) => void
  /** Resolves to the exit code when all steps have run. */
  readonly finished: Promise<number>
}

/**
 * Turns SIGTERM, SIGINT and SIGHUP into one AbortSignal and an orderly end, after which `process.exitCode` is set and the process
 * ends by itself because nothing keeps it alive. Only a second signal or an exhausted grace period exit by force (1).
 * Uncaught errors and rejections are logged and take the same orderly way, with exit code 1.
 */
export function createLifecycle({
  log,
  graceMilliseconds,
  process: host = process,
  monotonic = () => performance.now(),
}: LifecycleOptions): Lifecycle {
  const controller = new AbortController()
  const steps: { name: string; run: () => Promise<void> | void }[] = []
  const forced: (() => void)[] = []
  let exitCode = 0
  let firstSignalAt: number | undefined
  let grace: NodeJS.Timeout | undefined
  let tellFinished: (exitCode: number) => void
  const finished = new Promise<number>((resolve) => (tellFinished = resolve))

  function stop(reason: string, code = 0): void {
    exitCode = Math.max(exitCode, code)
    if (controller.signal.aborted) return
    log.info({ reason }, 'stopping')
    controller.abort(new Error(reason))
    grace = setTimeout(() => exitByForce(`not finished after ${graceMilliseconds} ms`), graceMilliseconds)
    void runSteps().then(() => {
      // From here on nothing should keep the process alive; when something does, the grace period still ends it.
      grace?.unref()
      host.exitCode = exitCode
      log.info({ exitCode }, 'stopped')
      tellFinished(exitCode)
    })
  }

  async function runSteps(): Promise<void> {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      try {
        await step.run()
      } catch (error) {
        log.error({ error, step: step.name }, 'a shutdown step failed')
        exitCode = 1
      }
    }
  }

  function exitByForce(reason: string): void {
    clearTimeout(grace)
    const left = steps.map((step) => step.name)
    log.error({ reason, left }, 'ending by force')
    for (const action of forced) action()
    host.exit(1)
  }

  function onSignal(name: StopSignal): void {
    if (firstSignalAt === undefined) {
      firstSignalAt = monotonic()
      stop(`received ${name}`)
    } else if (monotonic() - firstSignalAt > SAME_PRESS_MILLISECONDS) {
      exitByForce(`received ${name} again`)
    }
  }

  function onSurprise(kind: string, error: unknown): void {
    log.fatal({ error }, kind)
    stop(kind, 1)
  }

  for (const name of STOP_SIGNALS) host.on(name, () => onSignal(name))
  host.on('uncaughtException', (error: unknown) => onSurprise('uncaught exception', error))
  host.on('unhandledRejection', (error: unknown) => onSurprise('unhandled rejection', error))

  return {
    signal: controller.signal,
    onShutdown: (name, run) => void steps.push({ name, run }),
    onForcedExit: (action) => void forced.push(action),
    stop,
    finished,
  }
}

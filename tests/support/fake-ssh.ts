import type { DialFailure, RunRequest, RunResult, Ssh, SshTarget } from '@switchyard/dispatcher/ssh'

/** One command that "runs" on a host, until the test says how it ended. */
export interface FakeRun {
  readonly target: SshTarget
  readonly request: RunRequest
  readonly end: (result: RunResult) => void
}

export interface FakeSshOptions {
  /** Says why a dial fails; null when it works. */
  readonly dial?: (target: SshTarget, signal: AbortSignal) => DialFailure | null | Promise<DialFailure | null>
  /** What happens to a command that may start. The default succeeds at once. */
  readonly run?: (request: RunRequest, target: SshTarget) => RunResult | 'hold' | Promise<RunResult | 'hold'>
  /** How a command ends that was stopped from our side. */
  readonly stopped?: RunResult
}

export interface FakeSsh extends Ssh {
  readonly dials: SshTarget[]
  /** Every command that started. */
  readonly started: FakeRun[]
  /** Those that have not ended. */
  readonly running: Set<FakeRun>
  /** The most commands that ran at once, by host. */
  readonly mostAtOnce: Map<string, number>
}

const UNREACHABLE: DialFailure = { kind: 'unreachable', message: 'no route to host' }

/** A dial failure as a dead host gives it. */
export function unreachable(): DialFailure {
  return UNREACHABLE
}

/** SSH without hosts: keeps to the contract of the real one (a command starts only after `onStarting` resolved). */
export function fakeSsh(options: FakeSshOptions = {}): FakeSsh {
  const dials: SshTarget[] = []
  const started: FakeRun[] = []
  const running = new Set<FakeRun>()
  const mostAtOnce = new Map<string, number>()

  async function run(target: SshTarget, request: RunRequest): Promise<RunResult> {
    const chosen = (await options.run?.(request, target)) ?? { kind: 'exited', code: 0 }
    if (chosen !== 'hold' && neverStarts(chosen)) return chosen
    try {
      await request.onStarting?.(4711)
    } catch {
      return { kind: 'cancelled' }
    }
    if (request.signal.aborted) return { kind: 'cancelled' }
    return follow(target, request, chosen)
  }

  async function follow(
    target: SshTarget,
    request: RunRequest,
    chosen: RunResult | 'hold',
  ): Promise<RunResult> {
    let end: FakeRun['end'] = () => undefined
    const ended = new Promise<RunResult>((resolve) => (end = resolve))
    const fake = { target, request, end }
    started.push(fake)
    running.add(fake)
    const atOnce = [...running].filter((one) => one.target.id === target.id).length
    mostAtOnce.set(target.id, Math.max(atOnce, mostAtOnce.get(target.id) ?? 0))
    request.signal.addEventListener('abort', () => end(options.stopped ?? { kind: 'cancelled' }), {
      once: true,
    })
    if (chosen !== 'hold') end(chosen)
    const result = await ended
    running.delete(fake)
    return result
  }

  return {
    dials,
    started,
    running,
    mostAtOnce,
    async dial(target, signal) {
      dials.push(target)
      const failure = await options.dial?.(target, signal)
      if (signal.aborted)
        return { ok: false, failure: { kind: 'cancelled', message: 'dialling was cancelled' } }
      if (failure !== null && failure !== undefined) return { ok: false, failure }
      return {
        ok: true,
        session: { run: (request) => run(target, request), release: () => undefined },
      }
    },
    async check(target) {
      const failure = (await options.dial?.(target, new AbortController().signal)) ?? null
      return {
        ok: failure === null,
        message: failure?.message ?? null,
        failure,
        shownHostKeySha256: failure === null ? target.hostKeySha256 : null,
      }
    },
    close: () => Promise.resolve(),
  }
}

function neverStarts({ kind }: RunResult): boolean {
  return kind === 'not_started' || kind === 'workdir_missing' || kind === 'command_not_found'
}

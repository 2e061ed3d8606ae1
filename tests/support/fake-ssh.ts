import type {
  DialFailure,
  Examination,
  FollowRequest,
  FollowResult,
  KillResult,
  LaunchRequest,
  LaunchResult,
  Ssh,
  SshTarget,
} from '@switchyard/dispatcher/ssh'

/** How a command on a fake host ends. */
export type FakeEnding = { readonly code: number; readonly timedOut?: boolean } | 'lost'

/** What a fake host does with a command that is to start: refuse it, let it run until the test ends it, or end it. */
export type FakeStart = Extract<LaunchResult, { message: string }> | FakeEnding | 'hold'

/** One command that "runs" on a host, until the test says how it ended. */
export interface FakeRun {
  readonly target: SshTarget
  readonly request: LaunchRequest
  readonly write: (text: string) => void
  readonly end: (ending: FakeEnding) => void
}

export interface FakeSshOptions {
  /** Says why a dial fails; null when it works. */
  readonly dial?: (target: SshTarget, signal: AbortSignal) => DialFailure | null | Promise<DialFailure | null>
  /** What happens to a command that may start. The default succeeds at once. */
  readonly run?: (request: LaunchRequest, target: SshTarget) => FakeStart | Promise<FakeStart>
  /** What a kill says that should have worked. */
  readonly kill?: KillResult
  /** What a check finds on a host that lets us in. The default has nothing to complain about. */
  readonly examine?: (target: SshTarget) => Partial<Examination>
}

export interface FakeSsh extends Ssh {
  /** The targets of launches that were tried. */
  readonly dials: SshTarget[]
  /** Every command that started. */
  readonly started: FakeRun[]
  /** Those that have not ended. */
  readonly running: Set<FakeRun>
  /** The ids of runs that were killed. */
  readonly killed: string[]
  /** How many follow a run at the moment. */
  readonly followers: () => number
  /** The most commands that ran at once, by host. */
  readonly mostAtOnce: Map<string, number>
  /** Breaks every connection; what runs goes on. */
  readonly cut: () => void
}

const UNREACHABLE: DialFailure = { kind: 'unreachable', message: 'no route to host' }

const HEALTHY: Examination = {
  launcher: null,
  command: 'ready',
  survey: { clockSkewSeconds: 0, freeDiskBytes: 2 ** 40, user: 'agent', system: 'Linux 6 x86_64' },
}

/** A dial failure as a dead host gives it. */
export function unreachable(): DialFailure {
  return UNREACHABLE
}

/** What a fake host remembers of a run, whoever asks. */
interface Kept {
  readonly run: FakeRun
  output: Buffer
  ending: FakeEnding | null
}

/** SSH without hosts: keeps to the contract of the real one, runs that outlive their followers included. */
export function fakeSsh(options: FakeSshOptions = {}): FakeSsh {
  const dials: SshTarget[] = []
  const started: FakeRun[] = []
  const running = new Set<FakeRun>()
  const killed: string[] = []
  const mostAtOnce = new Map<string, number>()
  /** By id; null: looked for before it started, so it never will. */
  const kept = new Map<string, Kept | null>()
  const listeners = new Set<() => void>()
  const closing = new AbortController()
  let cuts = 0
  let followers = 0

  function changed(): void {
    for (const listener of [...listeners]) listener()
  }

  async function dialFailure(target: SshTarget, signal: AbortSignal): Promise<DialFailure | null> {
    // Not even tried, as with the real one: what a test would wait for has then happened before.
    const failure = signal.aborted ? null : await options.dial?.(target, signal)
    return signal.aborted ? { kind: 'cancelled', message: 'dialling was cancelled' } : (failure ?? null)
  }

  function begin(target: SshTarget, request: LaunchRequest): Kept {
    const run: FakeRun = {
      target,
      request,
      write(text) {
        own.output = Buffer.concat([own.output, Buffer.from(text)])
        changed()
      },
      end(ending) {
        own.ending ??= ending
        running.delete(run)
        changed()
      },
    }
    const own: Kept = { run, output: Buffer.alloc(0), ending: null }
    kept.set(request.id, own)
    started.push(run)
    running.add(run)
    const atOnce = [...running].filter((one) => one.target.id === target.id).length
    mostAtOnce.set(target.id, Math.max(atOnce, mostAtOnce.get(target.id) ?? 0))
    return own
  }

  async function launch(target: SshTarget, request: LaunchRequest): Promise<LaunchResult> {
    dials.push(target)
    const failure = await dialFailure(target, request.signal)
    if (failure !== null) return { kind: 'unreachable', failure }
    const start = (await options.run?.(request, target)) ?? { code: 0 }
    if (typeof start === 'object' && 'kind' in start && start.kind !== 'uncertain') return start
    try {
      await request.onReady?.()
    } catch {
      return { kind: 'cancelled' }
    }
    if (request.signal.aborted) return { kind: 'cancelled' }
    if (typeof start === 'object' && 'kind' in start) return start
    if (kept.has(request.id)) return { kind: 'already' }
    const { run } = begin(target, request)
    if (start !== 'hold') run.end(start)
    return { kind: 'launched', processGroup: 4711 }
  }

  async function follow(target: SshTarget, request: FollowRequest): Promise<FollowResult> {
    const before = cuts
    const failure = await dialFailure(target, request.signal)
    if (failure !== null) return { kind: 'unreachable', failure }
    const own = kept.get(request.id) ?? null
    if (own === null) {
      kept.set(request.id, null)
      return { kind: 'never_started' }
    }
    followers += 1
    try {
      await request.onFound?.()
      for (let offset = request.offset; ;) {
        if (request.signal.aborted) return { kind: 'stopped' }
        if (cuts > before) return { kind: 'cut', message: 'the connection was lost' }
        const { ending, output } = own
        if (output.length > offset) {
          await request.onOutput(output.subarray(offset))
          offset = output.length
        } else if (ending === 'lost') return { kind: 'lost' }
        else if (ending !== null) return { kind: 'exited', timedOut: false, resultFile: null, ...ending }
        else await news(request.signal)
      }
    } catch {
      return { kind: 'stopped' }
    } finally {
      followers -= 1
    }
  }

  function news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      function wake(): void {
        listeners.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      listeners.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  return {
    dials,
    started,
    running,
    killed,
    mostAtOnce,
    followers: () => followers,
    cut() {
      cuts += 1
      changed()
    },
    launch,
    follow,
    async kill(target, { id }) {
      const failure = await dialFailure(target, new AbortController().signal)
      if (failure !== null) return { kind: 'unreachable', failure }
      killed.push(id)
      if (options.kill !== undefined) return options.kill
      const own = kept.get(id) ?? null
      if (own === null) kept.set(id, null)
      else own.run.end({ code: 143 })
      return { kind: 'gone' }
    },
    async check(target) {
      const failure = await dialFailure(target, closing.signal)
      if (failure !== null) return { failure, examination: null, shownHostKeySha256: null }
      const examination = { ...HEALTHY, ...options.examine?.(target) }
      return { failure, examination, shownHostKeySha256: target.hostKeySha256 }
    },
    close() {
      closing.abort()
      cuts += 1
      changed()
      return Promise.resolve()
    },
  }
}

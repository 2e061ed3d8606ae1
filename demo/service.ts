import { startService, type ServiceProcess } from '@switchyard/launcher'

export interface ReadyServiceOptions {
  readonly name: 'api' | 'dispatcher'
  readonly entry: string
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  /** How long it may take to start. */
  readonly seconds?: number
}

export interface ReadyService extends ServiceProcess {
  /** Where it listens: the API's own port, or the dispatcher's for /healthz, /readyz and /metrics. */
  readonly url: string
}

/** The line of its log with which a service says that it works, and the member that holds its port. */
const READY = { api: ['listening', 'port'], dispatcher: ['dispatching', 'healthPort'] } as const

/** Starts a service on any free port and waits until its log says which. Throws with its last words when it ends instead. */
export async function startReadyService(options: ReadyServiceOptions): Promise<ReadyService> {
  const [message, portMember] = READY[options.name]
  let listening: (port: number) => void
  const port = new Promise<number>((resolve) => (listening = resolve))
  const service = startService({
    ...options,
    env: { ...options.env, LOG_LEVEL: 'info' },
    onLine(line) {
      const record = parseRecord(line)
      if (record['msg'] === message) listening(Number(record[portMember]))
    },
  })
  const { seconds = 60 } = options
  const timeout = AbortSignal.timeout(seconds * 1000)
  const failed = Promise.race([
    service.exited.then((how) => `ended (${how})`),
    new Promise<string>((resolve) => {
      timeout.addEventListener('abort', () => resolve(`was not ready after ${seconds} s`), { once: true })
    }),
  ])
  const outcome = await Promise.race([port, failed])
  if (typeof outcome === 'number') return { ...service, url: `http://127.0.0.1:${outcome}` }
  service.kill()
  throw new Error(`The ${options.name} ${outcome}:\n${service.lastLines().join('\n')}`)
}

function parseRecord(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}

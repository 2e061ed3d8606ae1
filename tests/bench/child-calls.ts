/**
 * Calls between the benchmark and its helper processes over their IPC channel. Runs on Node.js 24 as it stands too, for the
 * processes of the other queues.
 */
export interface Call {
  readonly id: number
  readonly method: string
  readonly argument: unknown
}

export type CallOutcome =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly problem: string }

/** Answers the calls of the process that started this one, and ends with it. */
export function answerCalls(methods: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('message', (call: Call) => {
    void answer(call).then((outcome) => process.send?.(outcome))
  })
  process.once('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole group: it is the benchmark that ends its helpers.
  process.on('SIGINT', () => undefined)
  process.send?.('ready')

  async function answer({ id, method, argument }: Call): Promise<CallOutcome> {
    try {
      const run = methods[method]
      if (run === undefined) throw new Error(`nobody answers ${method}`)
      return { id, result: await run(argument as never) }
    } catch (error) {
      return { id, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }
}

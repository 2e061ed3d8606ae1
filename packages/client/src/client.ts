import { readDeletion, readDequeued, readJson, readLogText, readText } from './answers.ts'
import type { ClientOptions } from './call-options.ts'
import type { Operations } from './operations.ts'
import type { OperationName } from './repeatable.ts'
import { randomKey, requestFor } from './request.ts'
import { streams } from './streams.ts'
import { REAL_TIMING } from './timing.ts'
import type { Timing } from './timing.ts'
import { createTransport } from './transport.ts'
import type { Transport } from './transport.ts'
import { OPERATIONS } from './wire/operations.ts'
import type { Task, WebhookAnswer } from './wire/types.ts'
import type { Worker, WorkHandler, WorkOptions } from './work/options.ts'
import { startWorker } from './work/worker.ts'

/** Speaks to one server with one token. */
export interface Client extends Operations {
  /** Takes tasks and lets `handler` do them, until it is stopped. */
  work(handler: WorkHandler, options: WorkOptions): Worker
}

/**
 * A client for the server at `baseUrl`. A call resolves with the body of the answer. It rejects with SwitchyardProblem when
 * the server refused, with SwitchyardUnreachable when no server answered, and with the reason of its signal.
 */
export function createClient(options: ClientOptions): Client {
  return clientWith(options, REAL_TIMING)
}

/** The same with time and chance of the caller's own. */
export function clientWith(options: ClientOptions, timing: Timing): Client {
  const transport = createTransport(options, timing)
  const operations = {
    ...jsonOperations(transport),
    ...operationsByHand(transport),
    ...streams(transport, options),
  } as unknown as Operations
  return {
    ...operations,
    work: (handler, workOptions) => startWorker(operations, handler, workOptions, timing),
  }
}

type Call = (input?: Readonly<Record<string, unknown>>, options?: object) => Promise<unknown>

function jsonOperations(transport: Transport): Record<OperationName, Call> {
  const call = (name: OperationName): Call => {
    if (OPERATIONS[name].method === 'DELETE') {
      return (input = {}, options) =>
        transport.send({ ...requestFor(name, input), alsoAnswers: [404] }, readDeletion, options)
    }
    const read = name === 'getDocs' || name === 'getMetrics' ? readText : readJson
    const alsoAnswers = name === 'getReadiness' ? [503] : []
    return (input = {}, options) => transport.send({ ...requestFor(name, input), alsoAnswers }, read, options)
  }
  const names = Object.keys(OPERATIONS) as OperationName[]
  return Object.fromEntries(names.map((name) => [name, call(name)])) as Record<OperationName, Call>
}

function operationsByHand(
  transport: Transport,
): Pick<
  Operations,
  'createTask' | 'dequeueTask' | 'getTaskLogs' | 'receiveForgejoDelivery' | 'receiveGiteaDelivery'
> {
  const deliver = (name: OperationName): Operations['receiveForgejoDelivery'] => {
    return async ({ body, headers }, options) =>
      (await transport.send({ ...requestFor(name, {}), body, headers }, readJson, options)) as WebhookAnswer
  }
  return {
    async createTask({ idempotency_key: key = randomKey(), ...task }, options) {
      const request = { ...requestFor('createTask', task), headers: { 'idempotency-key': key } }
      return (await transport.send(request, readJson, options)) as Task
    },
    dequeueTask(input, options) {
      const { wait_seconds: waitSeconds = 0, request_key: key = randomKey() } = input
      const timeoutSeconds = (options?.timeoutSeconds ?? transport.timeoutSeconds) + waitSeconds
      const request = requestFor('dequeueTask', { ...input, request_key: key })
      return transport.send(request, readDequeued, { ...options, timeoutSeconds })
    },
    getTaskLogs: (input, options) => transport.send(requestFor('getTaskLogs', input), readLogText, options),
    receiveForgejoDelivery: deliver('receiveForgejoDelivery'),
    receiveGiteaDelivery: deliver('receiveGiteaDelivery'),
  }
}

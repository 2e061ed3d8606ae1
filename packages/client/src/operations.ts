import type { CallOptions } from './call-options.ts'
import type { FollowedLog } from './follow-logs.ts'
import type { JsonOperations } from './wire/operations.ts'
import type { ClaimedTask, DequeueRequest, NewTask, Task, TaskEvent, WebhookAnswer } from './wire/types.ts'

/** What a dequeue brings: a task with its lease, or the reason why there is none. */
export type Dequeued =
  | ClaimedTask
  | {
      task: null
      lease: null
      /** `full`: the agent holds as many tasks as it may. */
      reason: 'empty' | 'paused' | 'full'
      retry_after_seconds: number
    }

export interface LogText {
  text: string
  /** Where to go on reading. */
  next_offset: number
  /** Nothing more will come. */
  complete: boolean
  /** 0: the task was never handed out. */
  attempt: number
}

/** A delivery as the forge signed it. */
export interface SignedDelivery {
  /** The very bytes that were signed. */
  body: string
  /** With the signature and the event's name. */
  headers: Readonly<Record<string, string>>
}

/** Every operation of the API, by the names of its OpenAPI document. */
export interface Operations extends JsonOperations {
  /**
   * Put a task into the queue. Creates it once however often the call is repeated: by an `idempotency_key` of yours, else
   * by one of its own.
   */
  createTask(input: NewTask & { idempotency_key?: string | undefined }, options?: CallOptions): Promise<Task>
  /**
   * Take the next task that fits; `task` is null when there is none. Without a `request_key` it makes one, so that a lost
   * answer loses no task.
   */
  dequeueTask(input: DequeueRequest, options?: CallOptions): Promise<Dequeued>
  /** Read the log of a task as it is now, from byte `offset` on; without `attempt`: the latest. */
  getTaskLogs(
    input: { task_id: string; offset?: number | undefined; attempt?: number | undefined },
    options?: CallOptions,
  ): Promise<LogText>
  /** Follow the log of a task to its end, over cuts of the connection and restarts of the server. */
  followTaskLogs(
    input: { task_id: string; offset?: number | undefined; attempt?: number | undefined },
    options?: CallOptions,
  ): AsyncGenerator<FollowedLog, void>
  /**
   * Follow what happens to all tasks, as it happens, over cuts and restarts; `after` is the `cursor` of the last event
   * that was seen, and `0-0` begins with the oldest one kept.
   */
  streamEvents(input?: { after?: string | undefined }, options?: CallOptions): AsyncGenerator<TaskEvent, void>
  /** Deliver what Forgejo would. */
  receiveForgejoDelivery(input: SignedDelivery, options?: CallOptions): Promise<WebhookAnswer>
  /** Deliver what Gitea would. */
  receiveGiteaDelivery(input: SignedDelivery, options?: CallOptions): Promise<WebhookAnswer>
}

// Written by `npm run generate` from packages/contract. Do not edit.

export interface Assignment {
  /** A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`. */
  agent_id: string
  /** Left out: that of the agent. Another one than that is refused. */
  execution_mode?: 'ssh_cli' | 'http_pull' | undefined
}

export interface Cancellation {
  reason?: string | undefined
}

export interface NewTask {
  title: string
  prompt: string
  requires?: readonly string[] | undefined
  priority?: number | undefined
  /** The track that is asked for; `ssh_cli` and `http_pull` are kept to. Left out: `undecided`, the dispatcher and the pulling agents race for it. */
  execution_mode?: 'undecided' | 'ssh_cli' | 'http_pull' | undefined
  /** Tasks with the same one run one at a time. Left out: beside all others. */
  concurrency_key?: string | undefined
  max_attempts?: number | undefined
  /** RFC 3339. Not before then; left out: at once. */
  run_at?: string | undefined
  source?:
    | { repository?: string | undefined; issue_number?: number | undefined; url?: string | undefined }
    | undefined
}

/** What came of it. Further keys are kept as they are. */
export interface Result {
  /** What was done, for a person. */
  summary?: string | undefined
  pull_request_url?: string | undefined
  branch?: string | undefined
  commit?: string | undefined
  exit_code?: number | undefined
  [name: string]: unknown
}

export interface Source {
  kind: 'api' | 'forgejo' | 'gitea'
  repository: string | null
  /** Issues and pull requests share their numbers. */
  issue_number: number | null
  url: string | null
  event: string | null
  action: string | null
  sender: string | null
  /** The webhook delivery that created it. */
  delivery_id: string | null
}

export interface Task {
  /** UUIDv7: sorts by creation. */
  id: string
  title: string
  /** What the agent is to do. */
  prompt: string
  /** How far the task is. See docs/state-machine.md. */
  status:
    | 'waiting'
    | 'scheduled'
    | 'pending'
    | 'claimed'
    | 'running'
    | 'orphaned'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
  /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
  execution_mode: 'undecided' | 'ssh_cli' | 'http_pull'
  /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
  requested_mode: 'undecided' | 'ssh_cli' | 'http_pull'
  /** 1 is urgent, 4 is low. */
  priority: number
  /** Labels an agent must offer to get it. */
  requires: readonly string[]
  /** Of the unfinished tasks with one key, one at a time leaves `waiting`. */
  concurrency_key: string | null
  source: Source
  /** Who holds or held it. */
  agent_id: string | null
  /** Only this agent gets it. */
  assigned_agent_id: string | null
  attempt: number
  max_attempts: number
  /** How often it was handed to somebody. */
  deliveries: number
  /** Its holder has been asked to stop. */
  cancel_requested: boolean
  /** What the holder said last. */
  progress: string | null
  /** RFC 3339, UTC. */
  run_at: string | null
  /** RFC 3339, UTC. */
  created_at: string
  /** RFC 3339, UTC. */
  claimed_at: string | null
  /** RFC 3339, UTC. */
  started_at: string | null
  /** RFC 3339, UTC. */
  finished_at: string | null
  result: Result | null
  error: TaskError | null
}

export interface TaskError {
  code: string
  message: string
}

export interface ClaimedTask {
  task: Task
  lease: Lease
}

export interface Completion {
  /** From the claim. Whoever extends or ends the claim proves with it that the claim is theirs. */
  lease_token: string
  /** What came of it. Further keys are kept as they are. */
  result?:
    | {
        /** What was done, for a person. */
        summary?: string | undefined
        pull_request_url?: string | undefined
        branch?: string | undefined
        commit?: string | undefined
        exit_code?: number | undefined
        [name: string]: unknown
      }
    | undefined
}

export interface DequeueRequest {
  /** A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`. */
  agent_id: string
  /** Hold the request until a task fits. */
  wait_seconds?: number | undefined
  /** Repeat the same key after a lost answer: the same claim comes again, as long as it has not started. */
  request_key?: string | undefined
  /** true: take nothing new. Answers at once with the claim that `request_key` already made, or with 204. For who stops while a dequeue is on its way: what comes is then released. */
  repeat_only?: boolean | undefined
}

export interface Failure {
  /** From the claim. Whoever extends or ends the claim proves with it that the claim is theirs. */
  lease_token: string
  error: string | { code?: string | undefined; message: string }
  /** false: no further attempt, whatever max_attempts says. */
  retryable?: boolean | undefined
}

export interface Heartbeat {
  /** From the claim. Whoever extends or ends the claim proves with it that the claim is theirs. */
  lease_token: string
  progress?: string | undefined
}

export interface HeartbeatAnswer {
  lease: Lease
  /** `cancel`: stop the work and confirm with `POST /tasks/{task_id}/fail`. */
  directive: 'continue' | 'cancel'
}

export interface Lease {
  /** From the claim. Whoever extends or ends the claim proves with it that the claim is theirs. */
  token: string
  /** RFC 3339, UTC. */
  expires_at: string
  /** Send the first heartbeat or log line before this instant, or the task goes back to the queue. */
  start_by: string | null
  /** Send a heartbeat about this often. */
  heartbeat_seconds: number
}

export interface LogAppend {
  /** From the claim. Whoever extends or ends the claim proves with it that the claim is theirs. */
  lease_token: string
  /** Bytes of UTF-8 sent before this piece. */
  offset: number
  text: string
}

export interface LogAppendAnswer {
  next_offset: number
  /** `cancel`: stop the work and confirm with `POST /tasks/{task_id}/fail`. */
  directive: 'continue' | 'cancel'
}

export interface Release {
  /** From the claim. Whoever extends or ends the claim proves with it that the claim is theirs. */
  lease_token: string
  reason: string
}

export interface Agent {
  /** A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`. */
  id: string
  execution_mode: 'ssh_cli' | 'http_pull'
  description: string
  labels: readonly string[]
  /** Most tasks it holds at a time; null: as many as it asks for. */
  max_concurrent: number | null
  paused: boolean
  /** Tasks it holds now. */
  held: number
  /** RFC 3339, UTC. */
  last_seen_at: string | null
  /** RFC 3339, UTC. */
  created_at: string
  /** RFC 3339, UTC. */
  updated_at: string
}

export interface AgentChanges {
  description?: string | undefined
  labels?: readonly string[] | undefined
  /** Most tasks it holds at a time; null: as many as it asks for. Left out, it stays. */
  max_concurrent?: number | null | undefined
  /** A paused agent or host gets no new task. */
  paused?: boolean | undefined
}

export interface AgentList {
  agents: readonly Agent[]
  /** null: this was the last page. */
  next_cursor: string | null
}

export interface NewAgent {
  /** A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`. */
  id: string
  description?: string | undefined
  labels?: readonly string[] | undefined
  /** Most tasks it holds at a time. null, or left out: as many as it asks for. */
  max_concurrent?: number | null | undefined
}

export interface RegisteredAgent {
  agent: Agent
  /** The bearer token. It is shown this once; keep it. */
  token: string
}

export interface Host {
  /** A slug chosen by the owner: lower case letters, digits, `.`, `_`, `-`. */
  id: string
  /** Name or IP address. */
  address: string
  port: number
  user: string
  /** On the dispatcher's machine; null: ssh-agent. */
  private_key_path: string | null
  /** The variable of the dispatcher's environment with the passphrase of an encrypted key. */
  private_key_passphrase_variable: string | null
  /** The variable of the dispatcher's environment with the password to log in with instead of a key. Refused unless the dispatchers run with SWITCHYARD_ALLOW_PASSWORDS=true. */
  password_variable: string | null
  /** The id of the host through which this one is reached; that one may itself be behind another. */
  proxy_jump: string | null
  /** As `ssh-keygen -lf` prints it. A host that shows another key is refused. */
  host_key_sha256: string
  labels: readonly string[]
  /** Most runs on it at a time, of all dispatchers together. */
  max_concurrent: number
  /** argv. The prompt goes to its standard input; nothing is ever pasted into a shell line. */
  command: readonly string[]
  /** Where the command runs; it must exist. null: where a login begins. */
  workdir: string | null
  env: { [name: string]: string }
  /** A command that takes longer is ended, and its attempt fails as `timed_out`. */
  timeout_seconds: number
  /** A paused host gets no new task. */
  paused: boolean
  /** Tasks that run on it now. */
  held: number
  /** Failed dials in a row. */
  failures: number
  /** RFC 3339, UTC. */
  cooling_down_until: string | null
  last_error: string | null
  /** What it showed at the last dial or check. */
  shown_host_key_sha256: string | null
  /** RFC 3339, UTC. */
  checked_at: string | null
  last_check: {
    /** RFC 3339, UTC. */
    checked_at: string
    /** While `launcher`, `workdir` or `command` is a problem, the host gets no tasks. */
    findings: {
      connection: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      host_key: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      launcher: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      workdir: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      command: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      clock: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      disk: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
    }
    /** Its clock minus the dispatcher's. */
    clock_skew_seconds: number | null
    /** On the file system of the run folders. */
    free_disk_bytes: number | null
    remote_user: string | null
    /** As `uname -srm` prints it. */
    remote_system: string | null
  } | null
  /** Why it gets no tasks until a check is good: every run would fail there. */
  blocked_reason: string | null
  /** RFC 3339, UTC. */
  last_seen_at: string | null
  /** RFC 3339, UTC. */
  created_at: string
  /** RFC 3339, UTC. */
  updated_at: string
}

export interface HostCheck {
  /** A dispatcher connected and authenticated, and the host key is the expected one. */
  reachable: boolean
  /** null: the host showed no key. */
  host_key_matches: boolean | null
  shown_host_key_sha256: string | null
  error: string | null
  /** RFC 3339, UTC. */
  checked_at: string
  found: {
    /** RFC 3339, UTC. */
    checked_at: string
    /** While `launcher`, `workdir` or `command` is a problem, the host gets no tasks. */
    findings: {
      connection: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      host_key: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      launcher: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      workdir: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      command: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      clock: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
      disk: {
        /** `unknown`: something before it kept the check from looking. */
        outcome: 'ok' | 'problem' | 'unknown'
        /** What was found and, when it is a problem, what to do about it. */
        message: string
      }
    }
    /** Its clock minus the dispatcher's. */
    clock_skew_seconds: number | null
    /** On the file system of the run folders. */
    free_disk_bytes: number | null
    remote_user: string | null
    /** As `uname -srm` prints it. */
    remote_system: string | null
  }
}

export interface HostDefinition {
  /** Name or IP address. */
  address: string
  port?: number | undefined
  user: string
  /** On the dispatcher's machine; null: ssh-agent. */
  private_key_path?: string | null | undefined
  /** The variable of the dispatcher's environment with the passphrase of an encrypted key. */
  private_key_passphrase_variable?: string | null | undefined
  /** The variable of the dispatcher's environment with the password to log in with instead of a key. Refused unless the dispatchers run with SWITCHYARD_ALLOW_PASSWORDS=true. */
  password_variable?: string | null | undefined
  /** The id of the host through which this one is reached; that one may itself be behind another. */
  proxy_jump?: string | null | undefined
  /** As `ssh-keygen -lf` prints it. A host that shows another key is refused. */
  host_key_sha256: string
  labels?: readonly string[] | undefined
  /** Most runs on it at a time, of all dispatchers together. */
  max_concurrent?: number | undefined
  /** argv. The prompt goes to its standard input; nothing is ever pasted into a shell line. */
  command?: readonly string[] | undefined
  /** Where the command runs; it must exist. null: where a login begins. */
  workdir?: string | null | undefined
  env?: { [name: string]: string } | undefined
  /** A command that takes longer is ended, and its attempt fails as `timed_out`. */
  timeout_seconds?: number | undefined
  /** A paused host gets no new task. */
  paused?: boolean | undefined
  /** In place of `command`: a coding agent that is known, with the command and the environment in which it runs with nobody watching. `env` is added to its environment. The host shows what came of it. */
  preset?: 'claude' | 'codex' | 'opencode' | 'gemini' | undefined
}

export interface HostList {
  hosts: readonly Host[]
  /** null: this was the last page. */
  next_cursor: string | null
}

export interface Delivery {
  id: string
  /** The forge's own id of the delivery. */
  delivery_uuid: string | null
  forge: 'forgejo' | 'gitea'
  event: string
  event_type: string
  action: string | null
  repository: string | null
  sender: string | null
  /** `created`: it made a task. `duplicate`: it came before, or the task that it would have made is there and unfinished. `ignored`: it made none; `reason` says why, or what it cancelled instead. */
  outcome: 'created' | 'duplicate' | 'ignored'
  reason: string
  rule: string | null
  /** `created`: the new one. `duplicate`: those of the delivery that came before, or the unfinished one. `ignored`: those that it cancelled, or whose holders it asked to stop; mostly none. */
  task_ids: readonly string[]
  /** RFC 3339, UTC. */
  received_at: string
}

export interface DeliveryDetail {
  id: string
  /** The forge's own id of the delivery. */
  delivery_uuid: string | null
  forge: 'forgejo' | 'gitea'
  event: string
  event_type: string
  action: string | null
  repository: string | null
  sender: string | null
  /** `created`: it made a task. `duplicate`: it came before, or the task that it would have made is there and unfinished. `ignored`: it made none; `reason` says why, or what it cancelled instead. */
  outcome: 'created' | 'duplicate' | 'ignored'
  reason: string
  rule: string | null
  /** `created`: the new one. `duplicate`: those of the delivery that came before, or the unfinished one. `ignored`: those that it cancelled, or whose holders it asked to stop; mostly none. */
  task_ids: readonly string[]
  /** RFC 3339, UTC. */
  received_at: string
  headers: { [name: string]: string }
  /** As it arrived. */
  body: string
}

export interface DeliveryList {
  deliveries: readonly Delivery[]
  /** null: this was the last page. */
  next_cursor: string | null
}

/** The data of the `end` event of `getTaskLogs`: nothing more will come. */
export interface LogEnd {
  attempt: number
  /** How much the attempt has written. */
  produced_bytes: number
  /** How much of that was kept. */
  stored_bytes: number
  /** Not all of it was kept. */
  cut: boolean
}

/** The data of a `log` event of `getTaskLogs`. */
export interface LogPiece {
  /** 0: none has begun yet. */
  attempt: number
  /** Whole characters. Where the middle was cut out, a line says so. */
  text: string
}

export interface Queue {
  /** Unfinished tasks, and those that ended in the last 24 hours. */
  counts: readonly {
    /** How far the task is. See docs/state-machine.md. */
    status:
      | 'waiting'
      | 'scheduled'
      | 'pending'
      | 'claimed'
      | 'running'
      | 'orphaned'
      | 'succeeded'
      | 'failed'
      | 'cancelled'
    /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
    execution_mode: 'undecided' | 'ssh_cli' | 'http_pull'
    count: number
  }[]
  oldest_pending_seconds: number | null
  /** When all but the dispatchers was counted: a moment ago, where there is much to count. */
  counted_at?: string | undefined
  repositories: readonly { repository: string | null; queued: number; held: number }[]
  /** Those that are alive. How long one may be silent follows from its interval. */
  dispatchers: readonly {
    id: string
    /** RFC 3339, UTC. */
    started_at: string
    /** RFC 3339, UTC. */
    last_cycle_at: string
    draining: boolean
  }[]
}

export interface Routing {
  /** UUIDv7: sorts by creation. */
  task_id: string
  /** How far the task is. See docs/state-machine.md. */
  status:
    | 'waiting'
    | 'scheduled'
    | 'pending'
    | 'claimed'
    | 'running'
    | 'orphaned'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
  /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
  execution_mode: 'undecided' | 'ssh_cli' | 'http_pull'
  /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
  requested_mode: 'undecided' | 'ssh_cli' | 'http_pull'
  decided_by: 'creator' | 'dispatcher' | 'dequeue' | 'coordinator' | 'timeout'
  /** RFC 3339, UTC. */
  decided_at: string
  /** Why it is on this track. */
  reason: string
  /** Why it is where it is now, in one or two sentences. */
  explanation: string
  /** What happens next by itself; `at` is null when it depends on somebody. */
  next_action: {
    /** RFC 3339, UTC. */
    at: string | null
    what: string
  } | null
  /** Pending tasks that stand before it. */
  ahead: number
  candidates: readonly {
    agent_id: string
    execution_mode: 'ssh_cli' | 'http_pull'
    verdict:
      | 'chosen'
      | 'available'
      | 'no_match'
      | 'full'
      | 'paused'
      | 'cooling_down'
      | 'unreachable'
      | 'not_assigned'
      | 'wrong_mode'
      | 'silent'
      | 'lost_race'
    reason: string
    missing_labels: readonly string[]
    /** RFC 3339, UTC. */
    until: string | null
  }[]
}

export interface TaskEvent {
  /** Opaque; resume `GET /events` behind it. */
  cursor: string
  /** UUIDv7: sorts by creation. */
  task_id: string
  /** RFC 3339, UTC. */
  at: string
  event: string
  /** How far the task is. See docs/state-machine.md. */
  from_status:
    | 'waiting'
    | 'scheduled'
    | 'pending'
    | 'claimed'
    | 'running'
    | 'orphaned'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
    | null
  /** How far the task is. See docs/state-machine.md. */
  to_status:
    | 'waiting'
    | 'scheduled'
    | 'pending'
    | 'claimed'
    | 'running'
    | 'orphaned'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
    | null
  /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
  execution_mode: 'undecided' | 'ssh_cli' | 'http_pull'
  agent_id: string | null
  attempt: number
  /** Who caused it. */
  actor: string
  reason: string | null
}

export interface TaskEventList {
  events: readonly TaskEvent[]
}

export interface TaskList {
  tasks: readonly Task[]
  /** null: this was the last page. */
  next_cursor: string | null
}

export interface WebhookAnswer {
  delivery_id: string
  /** `created`: it made a task. `duplicate`: it came before, or the task that it would have made is there and unfinished. `ignored`: it made none; `reason` says why, or what it cancelled instead. */
  outcome: 'created' | 'duplicate' | 'ignored'
  reason: string
  /** `created`: the new one. `duplicate`: those of the delivery that came before, or the unfinished one. `ignored`: those that it cancelled, or whose holders it asked to stop; mostly none. */
  tasks: readonly {
    /** UUIDv7: sorts by creation. */
    id: string
  }[]
}

export interface DeliveryExplanation {
  signature: {
    /** `false`: as a delivery it would be refused. */
    valid: boolean
    message: string
  }
  /** In the words of rules. */
  event: string
  action: string | null
  repository: string | null
  sender: string | null
  /** `cancel`: the unfinished tasks for the same issue or pull request are cancelled. */
  outcome: 'task' | 'cancel' | 'ignored'
  reason: string
  /** The one that makes the task: the first that fits. */
  rule: string | null
  /** Every rule in force, in their order. */
  rules: readonly { name: string; fits: boolean; reason: string }[]
  task: {
    title: string
    prompt: string
    requires: readonly string[]
    /** 1 is urgent, 4 is low. */
    priority: number
    /** The track. `undecided`: the dispatcher and the pulling agents race for it. */
    execution_mode: 'undecided' | 'ssh_cli' | 'http_pull'
    max_attempts: number
    concurrency_key: string | null
  } | null
}

export interface ExplainRequest {
  forge?: 'forgejo' | 'gitea' | undefined
  /** As the forge sends them: at least the name of the event. Without `Content-Type` the body is taken for JSON. */
  headers: { [name: string]: string }
  /** The very text that was signed. */
  body: string
}

export interface Problem {
  /** A URI that names the code. */
  type: string
  title: string
  status: number
  /** What happened, what is true now, and the next call to make. */
  detail: string
  /** The next call to make: the end of `detail`, for programs that say it in other words. */
  next: string
  code:
    | 'malformed_json'
    | 'invalid_request'
    | 'invalid_state'
    | 'mode_mismatch'
    | 'unauthenticated'
    | 'bad_signature'
    | 'forbidden'
    | 'not_your_task'
    | 'origin_not_allowed'
    | 'route_not_found'
    | 'task_not_found'
    | 'agent_not_found'
    | 'host_not_found'
    | 'delivery_not_found'
    | 'method_not_allowed'
    | 'agent_exists'
    | 'agent_in_use'
    | 'lease_lost'
    | 'already_active'
    | 'payload_too_large'
    | 'unsupported_media_type'
    | 'wrong_offset'
    | 'idempotency_key_reused'
    | 'internal_error'
    | 'database_unavailable'
    | 'dispatcher_unavailable'
  request_id: string
  /** Of invalid_request: each thing that is wrong. */
  errors?: readonly { path: string; message: string }[] | undefined
  [name: string]: unknown
}

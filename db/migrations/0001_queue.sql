-- Up Migration

create sequence task_positions;

-- Where an agent_id is known: http_pull agents have registered, ssh_cli agents are hosts (and have a row in hosts too).
create table agents (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  execution_mode text not null check (execution_mode in ('ssh_cli', 'http_pull')),
  description text not null default '',
  labels text[] not null default '{}',
  max_concurrent integer check (max_concurrent >= 1), -- null: no limit
  paused boolean not null default false,
  token_hash bytea, -- SHA-256 of the bearer token; hosts have none
  last_seen_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint agents_token_by_mode check ((execution_mode = 'http_pull') = (token_hash is not null))
);
create unique index agents_by_token on agents (token_hash);

create table hosts (
  id text primary key references agents (id) on delete cascade,
  address text not null,
  port integer not null check (port between 1 and 65535),
  "user" text not null,
  private_key_path text, -- null: ssh-agent
  host_key_sha256 text not null check (host_key_sha256 ~ '^SHA256:[A-Za-z0-9+/]{43}$'),
  command text[] not null check (cardinality(command) >= 1),
  workdir text,
  env jsonb not null default '{}',
  timeout_seconds integer not null check (timeout_seconds >= 1),
  failures integer not null default 0, -- failed dials in a row
  cooling_down_until timestamptz,
  last_error text, -- of the last dial; null after one that worked
  shown_host_key_sha256 text, -- what the host showed at the last check or dial
  checked_at timestamptz,
  check_requested_at timestamptz -- set by the api, cleared by the dispatcher that made the check
);

create table tasks (
  id uuid primary key,
  title text not null,
  prompt text not null,
  status text not null check (status in
    ('waiting', 'scheduled', 'pending', 'claimed', 'running', 'orphaned', 'succeeded', 'failed', 'cancelled')),
  execution_mode text not null check (execution_mode in ('undecided', 'ssh_cli', 'http_pull')),
  requested_mode text not null check (requested_mode in ('undecided', 'ssh_cli', 'http_pull')),
  mode_decided_by text not null check (mode_decided_by in ('creator', 'dispatcher', 'dequeue', 'coordinator', 'timeout')),
  mode_decided_at timestamptz not null default now(),
  mode_reason text not null,
  priority smallint not null check (priority between 1 and 4),
  position bigint not null default nextval('task_positions'), -- a new one at every return to the queue
  requires text[] not null default '{}',
  concurrency_key text,
  rule text,
  dedupe_key text, -- rule and forge object: one unfinished task each
  idempotency_key text,
  idempotency_hash text,
  created_by text not null,
  source jsonb not null,
  repository text generated always as (source ->> 'repository') stored,
  agent_id text, -- who holds or held it; no foreign key: an agent may be deleted, history stays
  assigned_agent_id text,
  attempt integer not null default 0 check (attempt >= 0),
  forgiven_attempts integer not null default 0 check (forgiven_attempts between 0 and attempt),
  max_attempts integer not null check (max_attempts >= 1),
  deliveries integer not null default 0 check (deliveries >= 0),
  lease_token uuid,
  lease_expires_at timestamptz, -- while claimed: the start deadline
  request_key text, -- of the dequeue that claimed it
  cancel_requested_at timestamptz,
  cancel_reason text,
  progress text,
  log_bytes bigint not null default 0, -- of the current attempt
  run_at timestamptz,
  created_at timestamptz not null default now(),
  pending_since timestamptz,
  claimed_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  result jsonb,
  error jsonb,

  -- The transition table in core says how a task may move; these say what it may look like.
  constraint tasks_lease_iff_held check
    ((status in ('claimed', 'running', 'orphaned')) = (lease_token is not null and lease_expires_at is not null and agent_id is not null)),
  constraint tasks_no_lease_remains check
    (status in ('claimed', 'running', 'orphaned') or (lease_token is null and lease_expires_at is null)),
  constraint tasks_held_mode_is_decided check
    (status not in ('claimed', 'running', 'orphaned') or execution_mode <> 'undecided'),
  constraint tasks_orphaned_is_ssh check (status <> 'orphaned' or execution_mode = 'ssh_cli'),
  constraint tasks_finished_iff_ended check
    ((status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint tasks_failed_has_error check (status <> 'failed' or error is not null),
  constraint tasks_scheduled_has_run_at check (status <> 'scheduled' or run_at is not null),
  constraint tasks_pending_has_since check (status <> 'pending' or pending_since is not null),
  constraint tasks_waiting_has_key check (status <> 'waiting' or concurrency_key is not null),
  constraint tasks_assigned_mode_is_decided check (assigned_agent_id is null or execution_mode <> 'undecided'),
  constraint tasks_keeps_requested_mode check (requested_mode = 'undecided' or execution_mode = requested_mode)
) with (
  -- Room on each page for heartbeats to be heap-only updates; and vacuum early, because the head of the queue is where
  -- dead rows hurt a claim.
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

-- The claims. The predicates stand literally in the statements so that the planner can prove that they fit.
create index tasks_pull_queue on tasks (priority, position)
  where status = 'pending' and execution_mode in ('http_pull', 'undecided');
create index tasks_push_queue on tasks (priority, position)
  where status = 'pending' and execution_mode in ('ssh_cli', 'undecided');
-- Phase 2: undecided tasks by age.
create index tasks_undecided_by_age on tasks (pending_since)
  where status = 'pending' and execution_mode = 'undecided';
create index tasks_scheduled_by_run_at on tasks (run_at) where status = 'scheduled';
create index tasks_waiting_by_key on tasks (concurrency_key, position) where status = 'waiting';
-- Slots and expired leases. lease_expires_at itself is in no index, so that a heartbeat touches none.
create index tasks_held_by_agent on tasks (agent_id) where status in ('claimed', 'running', 'orphaned');
-- At most one unfinished task per concurrency key is past `waiting`.
create unique index tasks_one_active_per_key on tasks (concurrency_key)
  where status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned');
-- At most one unfinished task per rule and forge object.
create unique index tasks_one_unfinished_per_object on tasks (dedupe_key)
  where status not in ('succeeded', 'failed', 'cancelled');
-- A repeated dequeue finds the claim whose answer was lost.
create unique index tasks_request_key on tasks (agent_id, request_key) where status = 'claimed';
create unique index tasks_idempotency_key on tasks (created_by, idempotency_key);
-- Reads.
create index tasks_unfinished on tasks (id) where status not in ('succeeded', 'failed', 'cancelled');
create index tasks_ended_by_finished_at on tasks (finished_at) where status in ('succeeded', 'failed', 'cancelled');
create index tasks_by_repository on tasks (repository, id);
create index tasks_by_assignment on tasks (assigned_agent_id) where assigned_agent_id is not null
  and status not in ('succeeded', 'failed', 'cancelled');

-- What happened to a task, written in the transaction that made it happen. No foreign key: it would take a lock on the
-- task's row that hides the row from SKIP LOCKED. Retention deletes both together.
create table task_events (
  transaction_id xid8 not null default pg_current_xact_id(), -- readers resume behind the last finished transaction
  id bigint generated always as identity,
  task_id uuid not null,
  at timestamptz not null default now(),
  event text not null,
  from_status text,
  to_status text,
  execution_mode text not null,
  agent_id text,
  attempt integer not null,
  lease_token uuid, -- never on the wire: recognises a settle call that is repeated
  actor text not null,
  reason text,
  primary key (transaction_id, id)
);
create index task_events_by_task on task_events (task_id, id);

create table task_logs (
  task_id uuid not null,
  attempt integer not null,
  start_offset bigint not null, -- bytes of UTF-8
  content bytea not null,
  primary key (task_id, attempt, start_offset)
);

-- Every webhook delivery with a valid signature, for as long as the retention says.
create table deliveries (
  id uuid primary key,
  delivery_uuid text, -- the forge's; null when the sender gave none
  forge text not null check (forge in ('forgejo', 'gitea')),
  event text not null,
  event_type text not null,
  action text,
  repository text,
  sender text,
  headers jsonb not null,
  body bytea not null,
  outcome text not null check (outcome in ('created', 'duplicate', 'ignored')),
  reason text not null,
  rule text,
  task_ids uuid[] not null default '{}',
  repeats uuid, -- the first delivery with this UUID; that one may be gone already, so no foreign key
  received_at timestamptz not null default now()
);
create unique index deliveries_once on deliveries (forge, delivery_uuid) where repeats is null;
create index deliveries_by_age on deliveries (received_at);

-- The labels an issue or pull request had after the last change of them: Forgejo sends all labels with every change of one, and
-- without this an old label would seem new each time.
create table forge_objects (
  object text primary key,
  labels text[] not null,
  seen_at timestamptz not null
);
create index forge_objects_by_age on forge_objects (seen_at);

-- Dispatcher replicas that are alive, so that "no dispatcher is running" can be said.
create table dispatchers (
  id text primary key,
  started_at timestamptz not null default now(),
  last_cycle_at timestamptz not null default now(),
  draining boolean not null default false
);

-- Down Migration

drop table dispatchers, forge_objects, deliveries, task_logs, task_events, tasks, hosts, agents;
drop sequence task_positions;

-- Up Migration

-- The sets of labels that tasks require. A claim looks up which lanes its agent may use, and never meets a task that does not fit.
create table lanes (
  -- Computed here and in tasks alike, so that both agree also after a dump was restored by another version.
  id bigint generated always as (hash_array_extended(requires, 0)) stored primary key,
  requires text[] not null,
  unused_since timestamptz -- set when retention found no task; what is still unused an hour later is deleted
);

-- How far the claims have come, per lane, priority and track. Written by the claiming processes now and then, outside of
-- their claims: a value that is late costs fairness, never correctness.
create table turns (
  lane bigint not null references lanes (id) on delete cascade,
  priority smallint not null,
  track text not null check (track in ('pull', 'push')),
  reached bigint not null,
  primary key (lane, priority, track)
) with (
  -- A few rows, written several times a second: dead versions are what a reader has to step over.
  fillfactor = 20,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_cost_delay = 0
);

-- A stored column rewrites the table under an exclusive lock: see docs/operations.md for how long that takes.
alter table tasks
  add column lane bigint generated always as (hash_array_extended(requires, 0)) stored,
  add column turn bigint not null default 0; -- the round in which its repository has its next turn; a new one at every return to the queue

-- Labels in one order, so that the same set is one lane.
update tasks set requires = array(select distinct label from unnest(requires) label order by label)
 where requires <> array(select distinct label from unnest(requires) label order by label);

insert into lanes (requires) select distinct requires from tasks on conflict do nothing;

-- What waits already takes turns as if it had come under this rule.
update tasks t set turn = numbered.turn
  from (select id, row_number() over (partition by lane, priority, repository order by position) as turn
          from tasks where status = 'pending') numbered
 where t.id = numbered.id;

-- The claims: within a lane by priority, turn and position. The predicates stand literally in the statements so that the planner can
-- prove that they fit.
drop index tasks_pull_queue, tasks_push_queue;
create index tasks_pull_queue on tasks (lane, priority, turn, position)
  where status = 'pending' and assigned_agent_id is null and execution_mode in ('http_pull', 'undecided');
create index tasks_push_queue on tasks (lane, priority, turn, position)
  where status = 'pending' and assigned_agent_id is null and execution_mode in ('ssh_cli', 'undecided');
-- What a coordinator reserved for one agent or host, whatever it requires.
create index tasks_assigned_queue on tasks (assigned_agent_id, priority, turn, position)
  where status = 'pending' and assigned_agent_id is not null;
-- The last turn that a repository has in a lane.
create index tasks_last_turns on tasks (lane, priority, coalesce(repository, ''), turn) where status = 'pending';

-- Every index that holds a task's row is written at its claim and once more at its end: what has no key stays out of them.
drop index tasks_one_active_per_key, tasks_one_unfinished_per_object, tasks_request_key, tasks_idempotency_key, tasks_by_repository;
create unique index tasks_one_active_per_key on tasks (concurrency_key)
  where status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned') and concurrency_key is not null;
create unique index tasks_one_unfinished_per_object on tasks (dedupe_key)
  where status not in ('succeeded', 'failed', 'cancelled') and dedupe_key is not null;
create unique index tasks_request_key on tasks (agent_id, request_key) where status = 'claimed' and request_key is not null;
create unique index tasks_idempotency_key on tasks (created_by, idempotency_key) where idempotency_key is not null;
create index tasks_by_repository on tasks (repository, id) where repository is not null;

-- The turn of a task that comes into the queue: behind its repository's last one in the same lane and priority, else the one that is being
-- served there. A lane in which nothing waits has stood still meanwhile, and goes on with the turn of the farthest one.
-- Volatile, so that of several tasks in one statement each sees the turns of those before it.
create function next_turn(task_lane bigint, task_priority smallint, task_mode text, task_repository text) returns bigint
language plpgsql volatile as $$
declare
  tracks constant text[] := case task_mode when 'http_pull' then '{pull}' when 'ssh_cli' then '{push}' else '{pull,push}' end;
  reached_here constant bigint := coalesce(
    (select max(reached) from turns where lane = task_lane and priority = task_priority and track = any(tracks)), 0);
  -- Nothing is looked for before the last claimed turn: what lies there is gone, and its dead index entries would be met one by one.
  last_turn constant bigint := (
    select turn from tasks
     where status = 'pending' and lane = task_lane and priority = task_priority
       and coalesce(repository, '') = coalesce(task_repository, '') and turn >= reached_here - 1
     order by turn desc limit 1);
  first_turn bigint;
begin
  if last_turn is not null then return greatest(last_turn + 1, reached_here); end if;
  if task_mode = 'ssh_cli' then
    first_turn := (select turn from tasks
      where status = 'pending' and assigned_agent_id is null and execution_mode in ('ssh_cli', 'undecided')
        and lane = task_lane and priority = task_priority and turn >= reached_here - 1
      order by turn limit 1);
  else
    first_turn := (select turn from tasks
      where status = 'pending' and assigned_agent_id is null and execution_mode in ('http_pull', 'undecided')
        and lane = task_lane and priority = task_priority and turn >= reached_here - 1
      order by turn limit 1);
  end if;
  if first_turn is not null then return greatest(first_turn, reached_here); end if;
  return greatest(reached_here,
    (select max(reached) from turns where priority = task_priority and track = any(tracks)));
end $$;

-- In the database, because replicas of the version before create tasks, too, while the new ones start.
create function take_turn() returns trigger language plpgsql as $$
begin
  new.turn := next_turn(hash_array_extended(new.requires, 0), new.priority, new.execution_mode, new.source ->> 'repository');
  return new;
end $$;
create trigger tasks_take_turn before insert on tasks for each row when (new.status = 'pending') execute function take_turn();

-- A lane for every task, and no write when it exists already.
create function open_lanes() returns trigger language plpgsql as $$
begin
  insert into lanes (requires)
  select distinct c.requires from created c
   where not exists (select 1 from lanes l where l.id = c.lane and l.unused_since is null)
   order by c.requires
  on conflict (id) do update set unused_since = null;
  return null;
end $$;
create trigger tasks_open_lanes after insert on tasks referencing new table as created for each statement execute function open_lanes();

-- Append-only but for retention. The default waits for a fifth of the table: on a big one that is one vacuum that takes very long.
alter table task_events set (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- Down Migration

alter table task_events reset (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
drop trigger tasks_open_lanes on tasks;
drop trigger tasks_take_turn on tasks;
drop function open_lanes(), take_turn(), next_turn(bigint, smallint, text, text);
drop index tasks_pull_queue, tasks_push_queue, tasks_assigned_queue, tasks_last_turns,
  tasks_one_active_per_key, tasks_one_unfinished_per_object, tasks_request_key, tasks_idempotency_key, tasks_by_repository;
create index tasks_pull_queue on tasks (priority, position)
  where status = 'pending' and execution_mode in ('http_pull', 'undecided');
create index tasks_push_queue on tasks (priority, position)
  where status = 'pending' and execution_mode in ('ssh_cli', 'undecided');
create unique index tasks_one_active_per_key on tasks (concurrency_key)
  where status in ('scheduled', 'pending', 'claimed', 'running', 'orphaned');
create unique index tasks_one_unfinished_per_object on tasks (dedupe_key)
  where status not in ('succeeded', 'failed', 'cancelled');
create unique index tasks_request_key on tasks (agent_id, request_key) where status = 'claimed';
create unique index tasks_idempotency_key on tasks (created_by, idempotency_key);
create index tasks_by_repository on tasks (repository, id);
alter table tasks drop column lane, drop column turn;
drop table turns, lanes;

-- Up Migration

-- For the last turn of a repository, and nothing else: who does not ask for `turn >= 0`, which is always true, cannot use it. While the
-- statistics did not know of a lane, PostgreSQL took this index to be as good for a claim as tasks_pull_queue, and read and sorted all that
-- waited in the lane.
-- Built before the old one goes: building lets everybody read, dropping does not.
create index tasks_last_turns_now on tasks (lane, priority, coalesce(repository, ''), turn) where status = 'pending' and turn >= 0;
drop index tasks_last_turns;
alter index tasks_last_turns_now rename to tasks_last_turns;

-- As before, but for `turn >= 0`.
create or replace function next_turn(task_lane bigint, task_priority smallint, task_mode text, task_repository text) returns bigint
language plpgsql volatile as $$
declare
  tracks constant text[] := case task_mode when 'http_pull' then '{pull}' when 'ssh_cli' then '{push}' else '{pull,push}' end;
  reached_here constant bigint := coalesce(
    (select max(reached) from turns where lane = task_lane and priority = task_priority and track = any(tracks)), 0);
  -- Nothing is looked for before the last claimed turn: what lies there is gone, and its dead index entries would be met one by one.
  last_turn constant bigint := (
    select turn from tasks
     where status = 'pending' and lane = task_lane and priority = task_priority
       and coalesce(repository, '') = coalesce(task_repository, '') and turn >= 0 and turn >= reached_here - 1
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

-- Down Migration

drop index tasks_last_turns;
create index tasks_last_turns on tasks (lane, priority, coalesce(repository, ''), turn) where status = 'pending';
create or replace function next_turn(task_lane bigint, task_priority smallint, task_mode text, task_repository text) returns bigint
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

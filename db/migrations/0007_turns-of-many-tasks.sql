-- Up Migration

-- A statement that brings many tasks gives them their turns itself, with one look for each repository instead of one for each task.
-- Those of replicas of the version before come without a turn, and take one here.
create or replace trigger tasks_take_turn before insert on tasks for each row
  when (new.status = 'pending' and new.turn = 0) execute function take_turn();

-- One look by key for each set of labels: comparing with all lanes took as long as there are lanes.
create or replace function open_lanes() returns trigger language plpgsql as $$
begin
  insert into lanes (requires)
  select wanted.requires
    from (select distinct c.lane, c.requires from created c) wanted
    left join lateral (select true as is_open from lanes l where l.id = wanted.lane and l.unused_since is null limit 1) found on true
   where found.is_open is null
   order by wanted.requires
  on conflict (id) do update set unused_since = null;
  return null;
end $$;

-- Down Migration

create or replace function open_lanes() returns trigger language plpgsql as $$
begin
  insert into lanes (requires)
  select distinct c.requires from created c
   where not exists (select 1 from lanes l where l.id = c.lane and l.unused_since is null)
   order by c.requires
  on conflict (id) do update set unused_since = null;
  return null;
end $$;
create or replace trigger tasks_take_turn before insert on tasks for each row
  when (new.status = 'pending') execute function take_turn();

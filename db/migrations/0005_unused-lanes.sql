-- Up Migration

-- A lane is deleted when nothing has waited in it for an hour. Whoever puts a task into the queue reads whether its lane is marked as unused, and
-- writes only when it is: the deletion has to wait for those who have read that before the mark was there.
alter table lanes
  add column unused_behind xid8; -- transactions from this one on have seen the mark; null: not known yet

-- A task that returns to the queue may find its lane gone. An after trigger, because one before would lock every row that is updated, a
-- claim's too; this one is skipped by all statements that do not set the turn.
create function open_lane() returns trigger language plpgsql as $$
begin
  if not exists (select from lanes where id = new.lane and unused_since is null) then
    insert into lanes (requires) values (new.requires) on conflict (id) do update set unused_since = null;
  end if;
  return null;
end $$;
create trigger tasks_open_lane after update of turn on tasks for each row
  when (new.status = 'pending' and old.status <> 'pending') execute function open_lane();

-- Down Migration

-- The version before expects a lane for every task, whatever its status.
insert into lanes (requires) select distinct requires from tasks on conflict do nothing;
drop trigger tasks_open_lane on tasks;
drop function open_lane();
alter table lanes drop column unused_behind;

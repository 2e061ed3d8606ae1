-- Up Migration

-- What has not ended, to be counted. The condition is on finished_at, which is null as long as a task has not ended (tasks_finished_iff_ended):
-- every statement about pending or held tasks could have used an index whose condition is on the status, and while the statistics did not
-- know of a burst of tasks, PostgreSQL read that one from end to end rather than the index with what it looked for.
create index tasks_unfinished_by_id on tasks (id) where finished_at is null;
drop index tasks_unfinished;

-- Down Migration

create index tasks_unfinished on tasks (id) where status not in ('succeeded', 'failed', 'cancelled');
drop index tasks_unfinished_by_id;

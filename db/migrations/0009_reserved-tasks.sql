-- Up Migration

-- What is reserved for an agent or host. The status is a column and not the index's condition: PostgreSQL takes reading a whole index whose
-- condition is hardly ever true, by its statistics, to cost nothing, and they do not know of a burst of tasks that came since. A claim then
-- read all that waited, through another index with that condition. Statements ask for `status = (select 'pending')`, a value that the
-- planner cannot compare with any index's condition.
create index tasks_reserved on tasks (status, assigned_agent_id, priority, turn, "position") where assigned_agent_id is not null;
drop index tasks_assigned_queue;

-- Down Migration

create index tasks_assigned_queue on tasks (assigned_agent_id, priority, turn, "position") where status = 'pending' and assigned_agent_id is not null;
drop index tasks_reserved;

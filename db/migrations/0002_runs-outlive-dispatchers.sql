-- Up Migration

alter table tasks
  add column orphaned_at timestamptz,
  add column orphan_reason text, -- why nobody follows the run, as last found out
  add column orphan_probes integer not null default 0, -- how often its host was asked in vain
  add column run_place text; -- where the attempt was started: only there its absence proves anything

update tasks set orphaned_at = lease_expires_at where status = 'orphaned';

alter table tasks
  add constraint tasks_orphaned_has_since check ((status = 'orphaned') = (orphaned_at is not null));

-- Down Migration

alter table tasks
  drop constraint tasks_orphaned_has_since,
  drop column orphaned_at, drop column orphan_reason, drop column orphan_probes, drop column run_place;

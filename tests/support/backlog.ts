/** Eight thousand tasks on both tracks, pending and ended: enough for the planner to prefer indexes. */
export const BACKLOG = /* sql */ `
    insert into tasks (id, title, prompt, status, execution_mode, requested_mode, mode_decided_by, mode_reason, priority,
                       requires, created_by, source, max_attempts, pending_since, finished_at)
    select gen_random_uuid(), 'title', 'prompt', status, mode, mode, 'creator', 'as requested', 1 + n % 4,
           case when n % 3 = 0 then array['linux'] else '{}' end, 'test', '{}', 3, now(), case status when 'succeeded' then now() end
      from generate_series(1, 8000) n,
           lateral (select case n % 2 when 0 then 'pending' else 'succeeded' end as status,
                           (array['undecided', 'ssh_cli', 'http_pull'])[1 + n % 3] as mode) kind`

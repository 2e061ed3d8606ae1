-- Up Migration

alter table hosts
  add column private_key_passphrase_variable text, -- names a variable of the dispatcher's environment; the passphrase is never stored
  add column password_variable text, -- likewise
  add column proxy_jump text references hosts (id), -- the host through which this one is reached
  add column last_check jsonb, -- what the last check found; null: none since the definition changed
  add column last_check_at timestamptz, -- when that check began
  add column check_started_at timestamptz, -- when the check that is under way began; names it, so that only it may be recorded
  add column blocked_reason text, -- why every run would fail there, as the last check found; keeps tasks away
  add constraint hosts_jump_elsewhere check (proxy_jump <> id);
create index hosts_by_proxy_jump on hosts (proxy_jump) where proxy_jump is not null;

-- Down Migration

alter table hosts
  drop column private_key_passphrase_variable, drop column password_variable, drop column proxy_jump, drop column last_check,
  drop column last_check_at, drop column check_started_at, drop column blocked_reason;

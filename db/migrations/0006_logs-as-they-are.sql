-- Up Migration

-- Compressing was most of what storing a log cost: a piece is stored as it is, in half as much disk again for usual output. Changes how new pieces
-- are stored, and nothing that is there.
alter table task_logs alter column content set storage external;

-- Down Migration

alter table task_logs alter column content set storage extended;

-- Up Migration

-- How long a dispatcher may say nothing and still be alive: it follows from its interval, which only the dispatcher itself knows. The
-- default is for those of the version before.
alter table dispatchers add column silence_seconds double precision not null default 60;

-- Down Migration

alter table dispatchers drop column silence_seconds;

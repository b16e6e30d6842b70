-- when the marts of a run became the published file
alter table core.runs add column published_at timestamptz;

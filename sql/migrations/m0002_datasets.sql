-- A dataset is immutable: its version is the sha256 of its canonical bytes.
create table unroll_internal.dataset (
  id bigint generated always as identity primary key,
  name text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  version text not null check (version ~ '^[0-9a-f]{64}$'),
  kind text not null check (kind <> ''),
  header jsonb not null check (jsonb_typeof(header) = 'object'),
  summary jsonb not null check (jsonb_typeof(summary) = 'object'),
  examples bigint not null check (examples > 0),
  bytes bigint not null check (bytes > 0),
  complete boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  unique (name, version)
);

create table unroll_internal.dataset_chunk (
  dataset_id bigint not null references unroll_internal.dataset on delete cascade,
  number integer not null check (number >= 0),
  sha256 bytea not null check (octet_length(sha256) = 32),
  content bytea not null check (octet_length(content) between 1 and 1048576),
  primary key (dataset_id, number)
);
-- EXTERNAL: the bytes are read as they are, and compressing them again buys nothing.
alter table unroll_internal.dataset_chunk alter column content set storage external;

-- Makes a dataset visible if its chunks are all there and hash to its version.
create function unroll_internal.seal_dataset(p_dataset bigint) returns void
language plpgsql as $$
declare
  wanted record;
  found_bytes bigint;
  found_version text;
begin
  select d.bytes, d.version into strict wanted
    from unroll_internal.dataset d where d.id = p_dataset for update;
  select coalesce(sum(octet_length(c.content)), 0),
      encode(sha256(coalesce(string_agg(c.content, ''::bytea order by c.number), '')), 'hex')
    into found_bytes, found_version
    from unroll_internal.dataset_chunk c where c.dataset_id = p_dataset;
  if found_bytes <> wanted.bytes or found_version <> wanted.version then
    raise exception 'dataset content: found % bytes with sha256 %, expected % bytes with sha256 %',
      found_bytes, found_version, wanted.bytes, wanted.version using errcode = 'QF003';
  end if;
  update unroll_internal.dataset set complete = true where id = p_dataset;
end $$;

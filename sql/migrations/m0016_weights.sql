-- Weights from elsewhere, to begin training with. They are immutable: a name never changes its
-- content, so that a sweep that names it can be repeated.
create table unroll_internal.weights (
  id bigint generated always as identity primary key,
  name text not null unique check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  source text not null,
  tensors jsonb not null check (jsonb_typeof(tensors) = 'object'),
  bytes bigint not null check (bytes > 0),
  complete boolean not null default false,
  owner text not null default current_user,
  created_at timestamptz not null default clock_timestamp()
);

create table unroll_internal.weights_chunk (
  weights_id bigint not null references unroll_internal.weights on delete cascade,
  number integer not null check (number >= 0),
  sha256 bytea not null check (octet_length(sha256) = 32),
  content bytea not null check (octet_length(content) between 1 and 1048576),
  primary key (weights_id, number)
);
alter table unroll_internal.weights_chunk alter column content set storage external;

-- Makes weights visible if their chunks are all there and hash to what was promised.
create function unroll_internal.seal_weights(p_weights bigint) returns void
language plpgsql as $$
declare
  wanted record;
  content bytea;
begin
  select w.name, w.bytes, w.sha256 into strict wanted
    from unroll_internal.weights w where w.id = p_weights for update;
  select string_agg(c.content, ''::bytea order by c.number) into content
    from unroll_internal.weights_chunk c where c.weights_id = p_weights;
  if octet_length(content) is distinct from wanted.bytes
      or encode(sha256(content), 'hex') is distinct from wanted.sha256 then
    raise exception 'weights %: content does not match its sha256', wanted.name
      using errcode = 'QF003';
  end if;
  update unroll_internal.weights set complete = true where id = p_weights;
end $$;

-- What models said of each example, and models that were given names.

-- Where the text of each example lies among the bytes of its dataset: example 1 is the first.
create table unroll_internal.example (
  dataset_id bigint not null references unroll_internal.dataset on delete cascade,
  number integer not null check (number > 0),
  start bigint not null check (start >= 0),
  bytes integer not null check (bytes >= 0),
  primary key (dataset_id, number)
);

-- Some of the bytes of a dataset, all of whose chunks but the last have the same size.
create function unroll_internal.dataset_bytes(p_dataset bigint, p_start bigint, p_count integer)
returns bytea language sql stable as $$
  select string_agg(
    substring(c.content
      from (greatest(p_start - c.number * 1048576::bigint, 0) + 1)::integer
      for (p_start + p_count - greatest(p_start, c.number * 1048576::bigint))::integer),
    ''::bytea order by c.number)
  from unroll_internal.dataset_chunk c
  where c.dataset_id = p_dataset and p_count > 0
    and c.number between p_start / 1048576 and (p_start + p_count - 1) / 1048576
$$;

-- Finds the texts of a dataset: its bytes begin with UNROLLDS, the version of the form, the length of
-- a header in JSON, the header, and the length of each text. Other datasets have no texts.
create function unroll_internal.locate_examples(p_dataset bigint) returns void
language plpgsql as $$
declare
  head bytea := unroll_internal.dataset_bytes(p_dataset, 0, 16);
  header_bytes integer;
  header jsonb;
  examples integer;
  lengths bytea;
begin
  if octet_length(head) is distinct from 16 or substring(head for 12) <> '\x554e524f4c4c445301000000'
      or exists (
        select from unroll_internal.dataset_chunk c
        where c.dataset_id = p_dataset and octet_length(c.content) <> 1048576
          and c.number < (
            select max(l.number) from unroll_internal.dataset_chunk l
            where l.dataset_id = p_dataset)) then
    return;
  end if;
  header_bytes := get_byte(head, 12) + (get_byte(head, 13) << 8) + (get_byte(head, 14) << 16);
  header := convert_from(
    unroll_internal.dataset_bytes(p_dataset, 16, header_bytes), 'UTF8')::jsonb;
  if header ->> 'input' <> 'text' then
    return;
  end if;
  examples := (header ->> 'rows')::integer;
  lengths := unroll_internal.dataset_bytes(p_dataset, 16 + header_bytes, 4 * examples);
  insert into unroll_internal.example (dataset_id, number, start, bytes)
    select p_dataset, l.place + 1,
      16 + header_bytes + 4::bigint * examples + sum(l.bytes) over (order by l.place) - l.bytes,
      l.bytes
    from (
      select place, get_byte(lengths, 4 * place) + (get_byte(lengths, 4 * place + 1) << 8)
        + (get_byte(lengths, 4 * place + 2) << 16) + (get_byte(lengths, 4 * place + 3) << 24) as bytes
      from generate_series(0, examples - 1) place) l
    on conflict do nothing;
end $$;

-- The beginning of a text: up to 4000 bytes, whole characters.
create function unroll_internal.example_text(p_dataset bigint, p_number integer) returns text
language plpgsql stable as $$
declare
  place unroll_internal.example;
  content bytea;
  kept integer := 4000;
begin
  select e.* into place from unroll_internal.example e
    where e.dataset_id = p_dataset and e.number = p_number;
  if not found then
    return null;
  end if;
  content := coalesce(
    unroll_internal.dataset_bytes(p_dataset, place.start, least(place.bytes, kept + 1)), '');
  if octet_length(content) > kept then
    while get_byte(content, kept) & 192 = 128 loop
      kept := kept - 1;
    end loop;
    content := substring(content for kept);
  end if;
  -- A text of PostgreSQL holds no zero.
  return case when position('\x00'::bytea in content) = 0 then convert_from(content, 'UTF8') end;
end $$;

create function unroll_internal.locate_sealed() returns trigger language plpgsql as $$
begin
  perform unroll_internal.locate_examples(new.id);
  return null;
end $$;
create trigger locate_sealed after update of complete on unroll_internal.dataset
  for each row when (new.complete and not old.complete)
  execute function unroll_internal.locate_sealed();

select unroll_internal.locate_examples(d.id) from unroll_internal.dataset d where d.complete;

-- How many trials of a sweep keep their predictions: the best of those that have succeeded.
alter table unroll_internal.sweep
  add column keep_predictions integer not null default 1 check (keep_predictions >= 0);

-- The trials that have predictions.
create table unroll_internal.predicted (
  trial_id bigint primary key references unroll_internal.trial on delete cascade,
  sweep_id bigint not null,
  number integer not null,
  objective double precision not null,
  -- Whether a person asked for them: then no better trial drives them out.
  asked boolean not null,
  -- The names of the classes, if the answers are classes.
  labels text[],
  at timestamptz not null default clock_timestamp()
);
create index predicted_sweep on unroll_internal.predicted (sweep_id);

-- All that a trial said of a split: an element for each answer, in arrays of the same length, NULL
-- where there is no such thing. Two rows a trial cost a tenth of the space of a row an example, and
-- go as fast as they come.
create table unroll_internal.prediction (
  trial_id bigint not null references unroll_internal.predicted on delete cascade,
  split unroll_internal.split not null,
  examples integer[] not null,
  -- Within a series or a text, from 1.
  positions integer[],
  -- Of a forecast of several steps, or the number of several, from 1.
  steps integer[],
  -- Numbers, or indices of labels from 0.
  truths double precision[],
  predictions double precision[],
  probabilities real[],
  lowers double precision[],
  uppers double precision[],
  losses real[],
  primary key (trial_id, split),
  check (coalesce(cardinality(positions), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(steps), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(truths), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(predictions), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(probabilities), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(lowers), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(uppers), cardinality(examples)) = cardinality(examples)),
  check (coalesce(cardinality(losses), cardinality(examples)) = cardinality(examples))
);

-- Small is good, NaN is last.
create function unroll_internal.badness(p_objective double precision, p_goal unroll_internal.goal)
returns double precision language sql immutable as $$
  select case p_goal when 'maximize' then -p_objective else p_objective end
$$;

-- Whether a trial that ended with an objective is among the best of its sweep so far, whose predictions
-- are kept. No is final, since others only get better; yes is decided again under a lock.
create function unroll_internal.wants_predictions(p_trial bigint, p_objective double precision)
returns boolean language sql stable as $$
  select s.keep_predictions > (
    select count(*) from unroll_internal.predicted p
    where p.sweep_id = s.id and p.trial_id <> t.id
      and (unroll_internal.badness(p.objective, s.objective_goal), p.number)
        < (unroll_internal.badness(p_objective, s.objective_goal), t.number))
  from unroll_internal.trial t join unroll_internal.sweep s on s.id = t.sweep_id
  where t.id = p_trial
$$;

-- One at a time for each sweep, to the end of the transaction. Whoever waits here holds at most the
-- status of its own trial, and whoever has it waits for nothing but the disk.
create function unroll_internal.take_turn_at_predictions(p_sweep bigint) returns void
language sql as $$
  select pg_advisory_xact_lock(
    'unroll_internal.prediction'::regclass::oid::bigint::bit(32)::integer,
    (p_sweep % 2147483647)::integer)
$$;

-- Behind the fence and the result, before the predictions: the trial has its place, and who is not
-- among the best any more has none. Decided at the end of each trial, so that there is no moment at
-- which a crash would leave too many or too few; writes at most once for each time that a better
-- trial comes, which is k times the logarithm of their number.
create function unroll_internal.begin_predictions(p_trial bigint, p_labels text[])
returns void language plpgsql as $$
declare
  swept unroll_internal.sweep;
begin
  select s.* into strict swept
    from unroll_internal.trial t join unroll_internal.sweep s on s.id = t.sweep_id
    where t.id = p_trial;
  perform unroll_internal.take_turn_at_predictions(swept.id);
  insert into unroll_internal.predicted (trial_id, sweep_id, number, objective, asked, labels)
    select t.id, t.sweep_id, t.number, r.objective, false, p_labels
    from unroll_internal.trial t join unroll_internal.result r on r.trial_id = t.id
    where t.id = p_trial;
  delete from unroll_internal.predicted d
    using (
      select p.trial_id, row_number() over (
          order by unroll_internal.badness(p.objective, swept.objective_goal), p.number) as place
      from unroll_internal.predicted p where p.sweep_id = swept.id) ranked
    where d.trial_id = ranked.trial_id and ranked.place > swept.keep_predictions and not d.asked;
end $$;

-- For a person, of a trial that is over: in place of those that are there.
create function unroll_internal.ask_predictions(p_trial bigint, p_labels text[])
returns void language plpgsql as $$
begin
  perform unroll_internal.take_turn_at_predictions(t.sweep_id)
    from unroll_internal.trial t where t.id = p_trial;
  delete from unroll_internal.predicted where trial_id = p_trial;
  insert into unroll_internal.predicted (trial_id, sweep_id, number, objective, asked, labels)
    select t.id, t.sweep_id, t.number, r.objective, true, p_labels
    from unroll_internal.trial t join unroll_internal.result r on r.trial_id = t.id
    where t.id = p_trial;
  if not found then
    raise exception 'trial %: found no result; allowed: a trial that succeeded', p_trial
      using errcode = '22023';
  end if;
end $$;

-- Writes nothing if the trial fell out, or never came in, in the same transaction.
create function unroll_internal.write_predictions(
  p_trial bigint, p_split text, p_examples integer[], p_positions integer[], p_steps integer[],
  p_truths double precision[], p_predictions double precision[],
  p_probabilities double precision[], p_lowers double precision[], p_uppers double precision[],
  p_losses double precision[])
returns void language sql as $$
  insert into unroll_internal.prediction (trial_id, split, examples, positions, steps, truths,
    predictions, probabilities, lowers, uppers, losses)
  select p.trial_id, p_split::unroll_internal.split, p_examples, p_positions, p_steps, p_truths,
    p_predictions, p_probabilities::real[], p_lowers, p_uppers, p_losses::real[]
  from unroll_internal.predicted p where p.trial_id = p_trial
$$;

-- Vectors of words that were trained elsewhere, for models to begin with.
create table unroll_internal.vectors (
  id bigint generated always as identity primary key,
  name text not null unique check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  width integer not null check (width > 0),
  words integer not null default 0 check (words >= 0),
  created_at timestamptz not null default clock_timestamp()
);

create table unroll_internal.vector (
  vectors_id bigint not null references unroll_internal.vectors on delete cascade,
  word text not null,
  numbers real[] not null,
  primary key (vectors_id, word)
);

-- Models with names. Each version is a trial, or several whose answers are averaged.
create table unroll_internal.model (
  name text primary key check (name ~ '^[A-Za-z][A-Za-z0-9._-]{0,99}$')
);

create table unroll_internal.model_version (
  name text not null references unroll_internal.model,
  version integer not null check (version > 0),
  comment text check (comment <> ''),
  promoted_by text not null default current_user,
  promoted_at timestamptz not null default clock_timestamp(),
  withdrawn_by text,
  withdrawn_at timestamptz,
  primary key (name, version),
  check ((withdrawn_by is null) = (withdrawn_at is null))
);

-- Without ON DELETE CASCADE: what a model needs cannot go.
create table unroll_internal.model_member (
  name text not null,
  version integer not null,
  place integer not null check (place > 0),
  trial_id bigint not null references unroll_internal.trial,
  primary key (name, version, place),
  unique (name, version, trial_id),
  foreign key (name, version) references unroll_internal.model_version
);
create index model_member_trial on unroll_internal.model_member (trial_id);

create function unroll_internal.is_promoted(p_trial bigint) returns boolean
language sql stable as $$
  select exists (select from unroll_internal.model_member m where m.trial_id = p_trial)
$$;

-- As before, but models with names keep their trials, the artifacts and metrics of these, and their
-- sweep.
create or replace function unroll_internal.expire(p_holder uuid, p_term bigint, p_limit integer)
returns integer language plpgsql as $$
declare
  old unroll_internal.sweep;
  ids bigint[];
  gone integer := 0;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  delete from unroll_internal.checkpoint c
    where (c.trial_id, c.step) in (
      select k.trial_id, k.step from unroll_internal.checkpoint k
        join unroll_internal.status t on t.trial_id = k.trial_id
        join unroll_internal.sweep s on s.id = t.sweep_id
      where t.finished_at + s.keep_checkpoints <= clock_timestamp()
      order by k.trial_id, k.step limit p_limit for update of t skip locked);
  get diagnostics gone = row_count;
  if gone >= p_limit then
    return gone;
  end if;
  select s.* into old from unroll_internal.sweep s
    where s.metrics_deleted_at is null and s.finished_at + s.keep_metrics <= clock_timestamp()
    order by s.finished_at limit 1 for no key update skip locked;
  if found then
    -- One trial after the other along the primary key, as far as the batch goes.
    select array(
      select t.id from unroll_internal.trial t
      where t.sweep_id = old.id and t.number >= old.metrics_deleted_to
      order by t.number limit greatest(p_limit / 100, 1)) into ids;
    delete from unroll_internal.metric m
      where m.trial_id = any (ids) and not unroll_internal.is_promoted(m.trial_id);
    delete from unroll_internal.flow f
      where f.trial_id = any (ids) and not unroll_internal.is_promoted(f.trial_id);
    if cardinality(ids) = 0 then
      update unroll_internal.sweep set metrics_deleted_at = clock_timestamp() where id = old.id;
    else
      update unroll_internal.sweep
        set metrics_deleted_to = (
          select max(t.number) + 1 from unroll_internal.trial t where t.id = any (ids))
        where id = old.id;
      return p_limit;
    end if;
  end if;
  select s.* into old from unroll_internal.sweep s
    where s.finished_at + s.keep_sweep <= clock_timestamp()
      -- A sweep of which only promoted trials are left stays as long as they do.
      and (not exists (select from unroll_internal.trial t where t.sweep_id = s.id)
        or exists (
          select from unroll_internal.trial t
          where t.sweep_id = s.id and not unroll_internal.is_promoted(t.id)))
    order by s.finished_at limit 1 for update skip locked;
  if found then
    -- A promotion under way holds its trials; one that was faster is seen by the second look.
    select array(
      select t.id from unroll_internal.trial t
      where t.sweep_id = old.id and not unroll_internal.is_promoted(t.id)
      order by t.number limit greatest(p_limit / 100, 1) for update skip locked) into ids;
    select array(
      select i from unnest(ids) i where not unroll_internal.is_promoted(i)) into ids;
    delete from unroll_internal.metric m where m.trial_id = any (ids);
    delete from unroll_internal.flow f where f.trial_id = any (ids);
    delete from unroll_internal.flow_verdict f where f.trial_id = any (ids);
    delete from unroll_internal.confusion c where c.trial_id = any (ids);
    delete from unroll_internal.checkpoint c where c.trial_id = any (ids);
    delete from unroll_internal.artifact a where a.trial_id = any (ids);
    delete from unroll_internal.result r where r.trial_id = any (ids);
    delete from unroll_internal.decision d where d.trial_id = any (ids);
    delete from unroll_internal.attempt a where a.trial_id = any (ids);
    delete from unroll_internal.status t where t.trial_id = any (ids);
    -- With its predictions.
    delete from unroll_internal.trial t where t.id = any (ids);
    if cardinality(ids) = 0 then
      if exists (select from unroll_internal.trial t where t.sweep_id = old.id) then
        return gone;
      end if;
      delete from unroll_internal.decision d where d.sweep_id = old.id;
      delete from unroll_internal.baseline b where b.sweep_id = old.id;
      delete from unroll_internal.sweep s where s.id = old.id;
      return gone + 1;
    end if;
    return p_limit;
  end if;
  return gone;
end $$;

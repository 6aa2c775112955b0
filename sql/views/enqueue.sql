create or replace function unroll_internal.refuse(p_field text, p_found text, p_allowed text)
returns void language plpgsql as $$
begin
  raise exception '%: found %; allowed: %', p_field, p_found, p_allowed using errcode = '22023';
end $$;

create or replace function unroll_internal.refuse_unknown_keys(
  p_object jsonb, p_place text, p_allowed text[])
returns void language plpgsql as $$
declare
  unknown text;
begin
  if p_object is null or jsonb_typeof(p_object) <> 'object' then
    return;
  end if;
  select k into unknown from jsonb_object_keys(p_object) k where k <> all (p_allowed)
    order by k limit 1;
  if found then
    perform unroll_internal.refuse(
      p_place || unknown, 'an unknown key', array_to_string(p_allowed, ', '));
  end if;
end $$;

-- Refuses anything but a list of so many elements of some types; null and a missing key are nothing.
create or replace function unroll_internal.refuse_other_elements(
  p_spec jsonb, p_key text, p_types text[], p_allowed text, p_least integer, p_most integer)
returns void language plpgsql as $$
declare
  value jsonb := p_spec -> p_key;
  other jsonb;
begin
  if value is null or jsonb_typeof(value) = 'null' then
    return;
  end if;
  if jsonb_typeof(value) <> 'array' then
    perform unroll_internal.refuse(p_key, left(value::text, 60), p_allowed);
  end if;
  if jsonb_array_length(value) not between p_least and p_most then
    perform unroll_internal.refuse(p_key, jsonb_array_length(value) || ' elements',
      format('%s to %s of them', p_least, p_most));
  end if;
  select element into other from jsonb_array_elements(value) as elements (element)
    where jsonb_typeof(element) <> all (p_types) limit 1;
  if found then
    perform unroll_internal.refuse(p_key, left(other::text, 60), p_allowed);
  end if;
end $$;

-- A whole number at a path, or NULL when the key is not there.
create or replace function unroll_internal.whole_number(
  p_spec jsonb, p_path text[], p_low bigint, p_high bigint)
returns bigint language plpgsql as $$
declare
  value jsonb := p_spec #> p_path;
  allowed text := format('a whole number from %s to %s', p_low, p_high);
begin
  if value is null then
    return null;
  end if;
  if jsonb_typeof(value) <> 'number' then
    perform unroll_internal.refuse(array_to_string(p_path, '.'), left(value::text, 60), allowed);
  end if;
  if value::numeric <> trunc(value::numeric) or value::numeric not between p_low and p_high then
    perform unroll_internal.refuse(
      array_to_string(p_path, '.'), left(value::text, 60), allowed);
  end if;
  return trunc(value::numeric)::bigint;
end $$;

-- A non-empty text at a path, or NULL when the key is not there.
create or replace function unroll_internal.plain_text(
  p_spec jsonb, p_path text[], p_allowed text)
returns text language plpgsql as $$
declare
  value jsonb := p_spec #> p_path;
begin
  if value is null then
    return null;
  end if;
  if jsonb_typeof(value) <> 'string' or value #>> '{}' = '' then
    perform unroll_internal.refuse(
      array_to_string(p_path, '.'), left(value::text, 60), p_allowed);
  end if;
  return value #>> '{}';
end $$;

-- A number at a path, or NULL when the key is not there.
create or replace function unroll_internal.plain_number(
  p_spec jsonb, p_path text[], p_low double precision, p_high double precision)
returns double precision language plpgsql as $$
declare
  value jsonb := p_spec #> p_path;
begin
  if value is null then
    return null;
  end if;
  if jsonb_typeof(value) <> 'number' or value::numeric not between p_low and p_high then
    perform unroll_internal.refuse(array_to_string(p_path, '.'), left(value::text, 60),
      format('a number from %s to %s', p_low, p_high));
  end if;
  return value::double precision;
end $$;

-- A time at a path with its zone, or NULL when the key is not there.
create or replace function unroll_internal.moment(p_spec jsonb, p_path text[])
returns timestamptz language plpgsql as $$
declare
  allowed constant text := 'a time such as 2030-01-31T12:00:00+01:00';
  value text := unroll_internal.plain_text(p_spec, p_path, allowed);
begin
  if value !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' then
    perform unroll_internal.refuse(
      array_to_string(p_path, '.'), to_jsonb(left(value, 60))::text, allowed);
  end if;
  begin
    return value::timestamptz;
  exception when datetime_field_overflow or invalid_datetime_format then
    perform unroll_internal.refuse(
      array_to_string(p_path, '.'), to_jsonb(left(value, 60))::text, allowed);
  end;
end $$;

-- The dataset that a specification names: "name", "name@version" or {"name": …, "version": …};
-- a version may be shortened to eight or more of its first characters.
create or replace function unroll_internal.resolve_dataset(p_spec jsonb)
returns bigint language plpgsql stable as $$
declare
  wanted_name text;
  wanted_version text;
  matches bigint;
  newest bigint;
  known text;
begin
  if jsonb_typeof(p_spec -> 'dataset') = 'object' then
    wanted_name := unroll_internal.plain_text(
      p_spec, '{dataset,name}', 'the name of a dataset');
    wanted_version := unroll_internal.plain_text(
      p_spec, '{dataset,version}', 'the sha256 of a dataset, or its first 8 characters or more');
    if wanted_name is null then
      perform unroll_internal.refuse('dataset.name', 'nothing', 'the name of a dataset');
    end if;
  else
    wanted_name := unroll_internal.plain_text(
      p_spec, '{dataset}', 'the name of a dataset, or {"name": …, "version": …}');
    if strpos(wanted_name, '@') > 0 then
      wanted_version := split_part(wanted_name, '@', 2);
      wanted_name := split_part(wanted_name, '@', 1);
    end if;
  end if;
  if wanted_version is not null and wanted_version !~ '^[0-9a-f]{8,64}$' then
    perform unroll_internal.refuse('dataset.version', to_jsonb(wanted_version)::text,
      'the sha256 of a dataset, or its first 8 characters or more');
  end if;
  select count(*), (array_agg(d.id order by d.created_at desc, d.id desc))[1]
    into matches, newest
    from unroll_internal.dataset d
    where d.name = wanted_name and d.complete
      and (wanted_version is null or d.version like wanted_version || '%');
  if matches = 0 then
    if wanted_version is not null then
      select string_agg(left(d.version, 12), ', ' order by d.id) into known
        from unroll_internal.dataset d where d.complete and d.name = wanted_name;
      if known is not null then
        perform unroll_internal.refuse('dataset.version', to_jsonb(wanted_version)::text, known);
      end if;
    end if;
    select string_agg(distinct d.name, ', ' order by d.name) into known
      from unroll_internal.dataset d where d.complete;
    perform unroll_internal.refuse('dataset', to_jsonb(wanted_name)::text || ', which is not here',
      coalesce(known, 'nothing yet, import or fetch a dataset first'));
  end if;
  if wanted_version is not null and matches > 1 then
    perform unroll_internal.refuse('dataset.version',
      to_jsonb(wanted_version)::text || ', which fits ' || matches || ' versions',
      'more of its characters');
  end if;
  return newest;
end $$;

create or replace function unroll.enqueue(spec jsonb, idempotency_key text default null)
returns bigint language plpgsql as $$
#variable_conflict use_variable
declare
  allowed_keys constant text[] := array['name', 'dataset', 'model', 'training', 'probe', 'search',
    'objective', 'objectives', 'constraints', 'try', 'stop', 'trials', 'seed', 'priority', 'weight',
    'queue', 'limits', 'retention', 'predictions', 'description', 'idempotency_key'];
  shorthands constant text[] := array['search', 'objective', 'stop'];
  key text;
  wanted_key text;
  existing unroll_internal.sweep;
  new_name text;
  goal text;
  split text;
  sweep_id bigint;
begin
  if spec is null or jsonb_typeof(spec) <> 'object' then
    perform unroll_internal.refuse('spec',
      case when spec is null then 'nothing' else jsonb_typeof(spec) end, 'an object');
  end if;
  perform unroll_internal.refuse_unknown_keys(spec, '', allowed_keys);
  wanted_key := coalesce(idempotency_key,
    unroll_internal.plain_text(spec, '{idempotency_key}', 'a text that is not empty'));
  if wanted_key = '' then
    perform unroll_internal.refuse('idempotency_key', '""', 'a text that is not empty, or NULL');
  end if;
  if wanted_key is not null then
    select s.* into existing from unroll_internal.sweep s where s.idempotency_key = wanted_key;
    if found then
      return unroll_internal.same_sweep(existing, spec);
    end if;
  end if;
  if not spec ? 'dataset' then
    perform unroll_internal.refuse('dataset', 'nothing', 'this key is required');
  end if;
  foreach key in array array['model', 'training', 'search', 'objective', 'stop', 'limits',
      'retention'] loop
    if jsonb_typeof(spec -> key) <> 'object'
        and not (key = any (shorthands) and jsonb_typeof(spec -> key) = 'string') then
      perform unroll_internal.refuse(key, left((spec -> key)::text, 60),
        case when key = any (shorthands) then 'an object or a text' else 'an object' end);
    end if;
  end loop;
  perform unroll_internal.refuse_other_elements(spec, 'objectives', array['string', 'object'],
    'a list of metrics or objects', 1, 8);
  perform unroll_internal.refuse_other_elements(
    spec, 'constraints', array['string'], 'a list of texts', 0, 32);
  perform unroll_internal.refuse_other_elements(
    spec, 'try', array['object'], 'a list of objects', 0, 1000);
  if jsonb_typeof(spec -> 'objectives') = 'array' and spec ? 'objective' then
    perform unroll_internal.refuse('objectives', 'objective beside it', 'one of the two');
  end if;
  perform unroll_internal.refuse_unknown_keys(
    spec -> 'objective', 'objective.', array['metric', 'expression', 'split', 'goal']);
  perform unroll_internal.refuse_unknown_keys(spec -> 'limits', 'limits.',
    array['max_parallel', 'max_failures', 'max_losses', 'trial_time', 'cpu_time', 'wall_time',
      'deadline']);
  perform unroll_internal.refuse_unknown_keys(
    spec -> 'retention', 'retention.', array['checkpoints', 'metrics', 'sweep']);
  new_name := unroll_internal.plain_text(spec, '{name}', 'a text that is not empty');
  if length(new_name) > 200 then
    perform unroll_internal.refuse('name', length(new_name) || ' characters', 'at most 200');
  end if;
  goal := unroll_internal.plain_text(spec, '{objective,goal}', 'minimize, maximize');
  if goal not in ('minimize', 'maximize') then
    perform unroll_internal.refuse(
      'objective.goal', to_jsonb(goal)::text, 'minimize, maximize');
  end if;
  split := unroll_internal.plain_text(spec, '{objective,split}', 'validation, train');
  if split not in ('validation', 'train') then
    perform unroll_internal.refuse(
      'objective.split', to_jsonb(split)::text, 'validation, train');
  end if;
  insert into unroll_internal.sweep (name, idempotency_key, queue, spec, dataset_id, priority,
      weight, max_parallel, trials, max_failures, max_losses, trial_time, cpu_time, wall_time,
      deadline, keep_checkpoints, keep_metrics, keep_sweep, keep_predictions, objective_metric,
      objective_split, objective_goal, seed)
    values (coalesce(new_name, 'sweep'), wanted_key,
      coalesce(unroll_internal.plain_text(spec, '{queue}', 'the name of a queue'), 'default'),
      spec, unroll_internal.resolve_dataset(spec),
      coalesce(unroll_internal.whole_number(spec, '{priority}', 0, 32767), 100),
      coalesce(unroll_internal.plain_number(spec, '{weight}', 0.001, 1000), 1),
      unroll_internal.whole_number(spec, '{limits,max_parallel}', 1, 1000000),
      unroll_internal.whole_number(spec, '{trials}', 1, 10000000),
      coalesce(unroll_internal.whole_number(spec, '{limits,max_failures}', 1, 1000), 3),
      coalesce(unroll_internal.whole_number(spec, '{limits,max_losses}', 1, 1000), 5),
      unroll_internal.plain_number(spec, '{limits,trial_time}', 0.001, 1e8) * interval '1 s',
      unroll_internal.plain_number(spec, '{limits,cpu_time}', 0.001, 1e10) * interval '1 s',
      unroll_internal.plain_number(spec, '{limits,wall_time}', 0.001, 1e9) * interval '1 s',
      unroll_internal.moment(spec, '{limits,deadline}'),
      coalesce(unroll_internal.plain_number(spec, '{retention,checkpoints}', 0, 1e5), 1)
        * interval '1 day',
      unroll_internal.plain_number(spec, '{retention,metrics}', 0, 1e5) * interval '1 day',
      unroll_internal.plain_number(spec, '{retention,sweep}', 0, 1e5) * interval '1 day',
      coalesce(unroll_internal.whole_number(spec, '{predictions}', 0, 1000), 1),
      case jsonb_typeof(spec -> 'objective') when 'string' then spec ->> 'objective'
        else unroll_internal.plain_text(spec, '{objective,metric}', 'the name of a metric') end,
      split::unroll_internal.split, goal::unroll_internal.goal,
      coalesce(unroll_internal.whole_number(spec, '{seed}', 0, 9223372036854775807), 0))
    on conflict on constraint sweep_idempotency_key_key do nothing
    returning id into sweep_id;
  if sweep_id is null then
    -- The same key was committed by somebody else meanwhile.
    select s.* into strict existing from unroll_internal.sweep s
      where s.idempotency_key = wanted_key;
    return unroll_internal.same_sweep(existing, spec);
  end if;
  return sweep_id;
end $$;

create or replace function unroll_internal.same_sweep(
  p_existing unroll_internal.sweep, p_spec jsonb)
returns bigint language plpgsql stable as $$
begin
  if coalesce(p_existing.asked, p_existing.spec) <> p_spec then
    perform unroll_internal.refuse('idempotency_key',
      format('%s, which sweep %s has with another spec',
        to_jsonb(p_existing.idempotency_key), p_existing.id),
      'the same spec, or another key');
  end if;
  return p_existing.id;
end $$;

comment on function unroll.enqueue(jsonb, text) is
  'Enqueues a sweep and returns its id. It is part of the caller''s transaction: what rolls back '
  'was never enqueued. With an idempotency key, the same call again returns the same sweep. '
  'What SQL cannot check, the scheduler refuses with the reason in unroll.sweeps.error.';

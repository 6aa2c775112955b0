create or replace view unroll.models as
select v.name, v.version,
  coalesce(v.version = max(v.version) filter (where v.withdrawn_at is null)
    over (partition by v.name), false) as is_newest,
  m.trial_ids, m.sweep_ids, m.objectives, v.comment, v.promoted_by, v.promoted_at, v.withdrawn_by,
  v.withdrawn_at
from unroll_internal.model_version v
  cross join lateral (
    select array_agg(b.trial_id order by b.place) as trial_ids,
      array_agg(distinct t.sweep_id) as sweep_ids,
      array_agg(r.objective order by b.place) as objectives
    from unroll_internal.model_member b
      join unroll_internal.trial t on t.id = b.trial_id
      left join unroll_internal.result r on r.trial_id = b.trial_id
    where b.name = v.name and b.version = v.version) m;
comment on view unroll.models is
  'Models that were given names: each version with who made it and when. What they need is kept.';
comment on column unroll.models.name is 'Name.';
comment on column unroll.models.version is 'Version, from 1.';
comment on column unroll.models.is_newest is 'Whether the name alone stands for this version.';
comment on column unroll.models.trial_ids is
  'Its trial, or the trials whose answers it averages; NULL after it was withdrawn.';
comment on column unroll.models.sweep_ids is 'The sweeps of its trials.';
comment on column unroll.models.objectives is 'The objectives that its trials reached.';
comment on column unroll.models.comment is 'What was said of it.';
comment on column unroll.models.promoted_by is 'Database role that gave the name.';
comment on column unroll.models.promoted_at is 'When.';
comment on column unroll.models.withdrawn_by is 'Database role that took it back.';
comment on column unroll.models.withdrawn_at is 'When.';

create or replace function unroll.promote(trials bigint[], name text, comment text default null)
returns integer language plpgsql as $$
declare
  other bigint;
  made integer;
begin
  if promote.name is null or promote.name !~ '^[A-Za-z][A-Za-z0-9._-]{0,99}$' then
    perform unroll_internal.refuse('name', coalesce(to_jsonb(promote.name)::text, 'nothing'),
      'a letter, then up to 99 letters, digits, points, dashes or underscores');
  end if;
  if coalesce(cardinality(promote.trials), 0) not between 1 and 100
      or array_position(promote.trials, null) is not null
      or (select count(distinct m.trial) from unnest(promote.trials) m(trial))
        <> cardinality(promote.trials) then
    perform unroll_internal.refuse('trials', coalesce(promote.trials::text, 'nothing'),
      '1 to 100 trials, each once');
  end if;
  -- From here on they stay: see unroll_internal.expire.
  perform 1 from unroll_internal.trial t where t.id = any (promote.trials) order by t.id
    for key share;
  select m.trial into other from unnest(promote.trials) m(trial)
    where not exists (
        select from unroll_internal.status s
        where s.trial_id = m.trial and s.state = 'succeeded')
      or not exists (
        select from unroll_internal.artifact a where a.trial_id = m.trial and a.complete)
    limit 1;
  if found then
    perform unroll_internal.refuse('trial',
      coalesce((select format('trial %s, which is %s', t.id, t.state)
        from unroll.trials t where t.id = other), format('%s, which is not here', other)),
      'a trial that succeeded, and whose model is stored');
  end if;
  if (select count(distinct s.dataset_id) from unroll_internal.trial t
      join unroll_internal.sweep s on s.id = t.sweep_id where t.id = any (promote.trials)) > 1 then
    perform unroll_internal.refuse('trials', 'trials of several datasets',
      'trials that learned from the same data, so that their answers can be averaged');
  end if;
  if cardinality(promote.trials) > 1 and exists (
      select from unroll_internal.trial t join unroll_internal.sweep s on s.id = t.sweep_id
      where t.id = any (promote.trials) and s.facts ->> 'task' = 'language') then
    perform unroll_internal.refuse('trials', 'several language models',
      'one trial of a language model: texts have no mean');
  end if;
  -- Trials take the folds by turns.
  if (select count(distinct array[f.folds, t.number % f.folds])
      from unroll_internal.trial t
        join unroll_internal.sweep s on s.id = t.sweep_id
        cross join lateral (select (s.spec #>> '{dataset,split,folds}')::numeric as folds) f
      where t.id = any (promote.trials)) > 1 then
    perform unroll_internal.refuse('trials', 'trials of several folds (dataset.split.folds), of '
      'which one may have learned from what another is tested on', 'trials of one fold');
  end if;
  -- Versions of a name are given one at a time.
  insert into unroll_internal.model (name) values (promote.name) on conflict do nothing;
  perform 1 from unroll_internal.model m where m.name = promote.name for update;
  insert into unroll_internal.model_version (name, version, comment)
    select promote.name, coalesce(max(v.version), 0) + 1, nullif(promote.comment, '')
    from unroll_internal.model_version v where v.name = promote.name
    returning version into made;
  insert into unroll_internal.model_member (name, version, place, trial_id)
    select promote.name, made, m.place, m.trial
    from unnest(promote.trials) with ordinality m(trial, place);
  insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    select t.sweep_id, t.id, 'name',
      format('named %s@%s by %s', promote.name, made, current_user),
      jsonb_build_object('name', promote.name, 'version', made, 'by', current_user)
    from unroll_internal.trial t where t.id = any (promote.trials) order by t.id;
  return made;
end $$;
comment on function unroll.promote(bigint[], text, text) is
  'Gives the mean of several trials of the same data a name, as its next version, which is returned.';

create or replace function unroll.promote(trial bigint, name text, comment text default null)
returns integer language sql as $$
  select unroll.promote(array[promote.trial], promote.name, promote.comment)
$$;
comment on function unroll.promote(bigint, text, text) is
  'Gives the model of a trial a name, as its next version, which is returned. Retention keeps what '
  'it needs until the version is withdrawn.';

create or replace function unroll.withdraw(name text, version integer)
returns void language plpgsql as $$
begin
  perform 1 from unroll_internal.model m where m.name = withdraw.name for update;
  update unroll_internal.model_version v
    set withdrawn_by = current_user, withdrawn_at = clock_timestamp()
    where v.name = withdraw.name and v.version = withdraw.version and v.withdrawn_at is null;
  if not found then
    perform unroll_internal.refuse('model',
      format('%s@%s', coalesce(withdraw.name, 'nothing'), withdraw.version),
      'a version in unroll.models that was not withdrawn');
  end if;
  insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    select t.sweep_id, t.id, 'withdraw',
      format('%s@%s withdrawn by %s', withdraw.name, withdraw.version, current_user),
      jsonb_build_object('name', withdraw.name, 'version', withdraw.version, 'by', current_user)
    from unroll_internal.model_member m join unroll_internal.trial t on t.id = m.trial_id
    where m.name = withdraw.name and m.version = withdraw.version order by t.id;
  delete from unroll_internal.model_member m
    where m.name = withdraw.name and m.version = withdraw.version;
end $$;
comment on function unroll.withdraw(text, integer) is
  'Takes a version of a model back: the name stands for an older one, and retention may delete what '
  'it needed. Who named it and when, and who withdrew it, stays in unroll.models.';

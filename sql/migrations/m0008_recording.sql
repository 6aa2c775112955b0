-- What workers write. The fence is the statement before these, in the same transaction.

-- Writing the same rows again changes nothing, so that a lost COMMIT answer is no trouble.
create function unroll_internal.write_metrics(
  p_trial bigint, p_token integer, p_epochs integer[], p_splits text[], p_names text[],
  p_values double precision[])
returns void language plpgsql as $$
begin
  -- ON CONFLICT uses up a number for every row that is there already: ask first.
  if exists (
      select from unnest(p_names) n
      where not exists (select from unroll_internal.metric_name m where m.name = n)) then
    insert into unroll_internal.metric_name (name)
      select distinct n from unnest(p_names) n
      where not exists (select from unroll_internal.metric_name m where m.name = n)
      order by n
      on conflict do nothing;
  end if;
  insert into unroll_internal.metric (trial_id, epoch, name_id, split, token, value)
    select p_trial, r.epoch, m.id, r.split::unroll_internal.split, p_token, r.value
    from unnest(p_epochs, p_splits, p_names, p_values) r(epoch, split, name, value)
      join unroll_internal.metric_name m on m.name = r.name
    on conflict (trial_id, name_id, split, epoch)
      do update set value = excluded.value, token = excluded.token;
end $$;

create function unroll_internal.begin_checkpoint(
  p_trial bigint, p_token integer, p_step bigint, p_epoch integer, p_sha256 text, p_bytes bigint)
returns void language sql as $$
  delete from unroll_internal.checkpoint where trial_id = p_trial and step = p_step;
  insert into unroll_internal.checkpoint (trial_id, step, epoch, token, sha256, bytes)
  values (p_trial, p_step, p_epoch, p_token, p_sha256, p_bytes)
$$;

create function unroll_internal.write_checkpoint_chunk(
  p_trial bigint, p_step bigint, p_number integer, p_content bytea)
returns void language sql as $$
  insert into unroll_internal.checkpoint_chunk (trial_id, step, number, sha256, content)
  values (p_trial, p_step, p_number, sha256(p_content), p_content)
$$;

-- Verifies the whole, makes it visible, and keeps the newest two.
create function unroll_internal.seal_checkpoint(p_trial bigint, p_step bigint)
returns void language plpgsql as $$
declare
  wanted record;
  content bytea;
begin
  select c.bytes, c.sha256 into strict wanted
    from unroll_internal.checkpoint c where c.trial_id = p_trial and c.step = p_step;
  select string_agg(c.content, ''::bytea order by c.number) into content
    from unroll_internal.checkpoint_chunk c where c.trial_id = p_trial and c.step = p_step;
  if octet_length(content) is distinct from wanted.bytes
      or encode(sha256(content), 'hex') is distinct from wanted.sha256 then
    raise exception 'checkpoint of trial % at step %: content does not match its sha256',
      p_trial, p_step using errcode = 'QF003';
  end if;
  update unroll_internal.checkpoint set complete = true
    where trial_id = p_trial and step = p_step;
  delete from unroll_internal.checkpoint c
    where c.trial_id = p_trial and c.step not in (
      select k.step from unroll_internal.checkpoint k
      where k.trial_id = p_trial and k.complete order by k.step desc limit 2);
end $$;

create function unroll_internal.begin_artifact(
  p_trial bigint, p_token integer, p_name text, p_media_type text, p_sha256 text, p_bytes bigint)
returns void language sql as $$
  insert into unroll_internal.artifact (trial_id, token, name, media_type, sha256, bytes)
  values (p_trial, p_token, p_name, p_media_type, p_sha256, p_bytes)
$$;

create function unroll_internal.write_artifact_chunk(
  p_trial bigint, p_name text, p_number integer, p_content bytea)
returns void language sql as $$
  insert into unroll_internal.artifact_chunk (artifact_id, number, sha256, content)
  select a.id, p_number, sha256(p_content), p_content
  from unroll_internal.artifact a where a.trial_id = p_trial and a.name = p_name
$$;

create function unroll_internal.seal_artifact(p_trial bigint, p_name text)
returns void language plpgsql as $$
declare
  wanted record;
  content bytea;
begin
  select a.id, a.bytes, a.sha256 into strict wanted
    from unroll_internal.artifact a where a.trial_id = p_trial and a.name = p_name;
  select string_agg(c.content, ''::bytea order by c.number) into content
    from unroll_internal.artifact_chunk c where c.artifact_id = wanted.id;
  if octet_length(content) is distinct from wanted.bytes
      or encode(sha256(content), 'hex') is distinct from wanted.sha256 then
    raise exception 'artifact % of trial %: content does not match its sha256', p_name, p_trial
      using errcode = 'QF003';
  end if;
  update unroll_internal.artifact set complete = true where id = wanted.id;
end $$;

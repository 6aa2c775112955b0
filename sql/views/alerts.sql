-- For how long something may go on before it is told: so long as usual, or as a session has set
-- unroll.alert_after.
create or replace function unroll_internal.alert_after(p_usual interval) returns interval
language sql stable as $$
  select coalesce(nullif(current_setting('unroll.alert_after', true), '')::interval, p_usual)
$$;

-- What will hurt the queue before long. Roles that may not see the sessions of others (they lack
-- pg_read_all_stats) see only their own here.
create or replace view unroll.alerts as
select a.kind, a.subject, a.found, a.remedy
from (
  select 1 as rank, 'held snapshot' as kind,
    format('process %s (%s, %s)', s.pid, coalesce(s.usename, 'unknown'),
      coalesce(nullif(s.application_name, ''), 'no name')) as subject,
    format('a transaction open for %s keeps dead rows from being removed: claims get slower',
      date_trunc('second', clock_timestamp() - s.xact_start)) as found,
    format('end it, or: select pg_terminate_backend(%s)', s.pid) as remedy
  from pg_stat_activity s
  where s.datname = current_database() and s.backend_xmin is not null
    and s.pid <> pg_backend_pid() and s.backend_type = 'client backend'
    and s.xact_start < clock_timestamp() - unroll_internal.alert_after('5 minutes')
    and s.state not like 'idle in transaction%' and s.wait_event is distinct from 'ClientRead'
  union all
  select 2, 'idle transaction',
    format('process %s (%s, %s)', s.pid, coalesce(s.usename, 'unknown'),
      coalesce(nullif(s.application_name, ''), 'no name')),
    format('idle inside a transaction for %s',
      date_trunc('second', clock_timestamp() - s.state_change)),
    format('end it, or: select pg_terminate_backend(%s); '
      'set idle_in_transaction_session_timeout', s.pid)
  from pg_stat_activity s
  where s.datname = current_database() and s.state like 'idle in transaction%'
    and s.state_change < clock_timestamp() - unroll_internal.alert_after('1 minute')
  union all
  select 2, 'silent client',
    format('process %s (%s, %s)', s.pid, coalesce(s.usename, 'unknown'),
      coalesce(nullif(s.application_name, ''), 'no name')),
    format('waits in the middle of a batch for its client, and keeps its locks, for %s',
      date_trunc('second', clock_timestamp() - s.xact_start)),
    format('if its machine is gone: select pg_terminate_backend(%s); set tcp_keepalives_idle',
      s.pid)
  from pg_stat_activity s
  where s.datname = current_database() and s.state = 'active' and s.wait_event = 'ClientRead'
    and s.xact_start < clock_timestamp() - unroll_internal.alert_after('1 minute')
  union all
  select 3, 'replication slot', r.slot_name,
    format('it holds back the removal of dead rows by %s transactions',
      greatest(age(r.xmin), age(r.catalog_xmin))),
    format('start its reader, or: select pg_drop_replication_slot(%L)', r.slot_name)
  from pg_replication_slots r
  where greatest(age(r.xmin), age(r.catalog_xmin)) > 100000
  union all
  select 4, 'prepared transaction', p.gid,
    format('prepared %s ago and not ended', date_trunc('second', clock_timestamp() - p.prepared)),
    format('rollback prepared %L', p.gid)
  from pg_prepared_xacts p
  where p.database = current_database()
    and p.prepared < clock_timestamp() - unroll_internal.alert_after('5 minutes')
  union all
  select 5, 'bloat', format('%s.%s', t.schemaname, t.relname),
    format('%s dead rows beside %s live ones', t.n_dead_tup, t.n_live_tup),
    format('vacuum %s.%s, after the alerts above this one', t.schemaname, t.relname)
  from pg_stat_user_tables t
  where t.schemaname = 'unroll_internal' and t.relname in ('ready', 'status', 'worker', 'attempt')
    and t.n_dead_tup > 20000 + t.n_live_tup
  union all
  select 6, 'silent worker', format('%s, process %s', w.host, w.pid),
    format('no heartbeat for %s with %s trials', date_trunc('second', clock_timestamp() - w.beat_at),
      (select count(*) from unroll_internal.status s
        where s.worker_id = w.id and s.state = 'leased')),
    'a scheduler takes its trials back: unroll scheduler'
  from unroll_internal.worker w
  where w.state <> 'dead' and w.beat_at + 2 * w.ttl < clock_timestamp()) a
order by a.rank, a.subject;
comment on view unroll.alerts is
  'What will hurt the queue before long, worst first; no rows when all is well.';
comment on column unroll.alerts.kind is
  'held snapshot, idle transaction, silent client, replication slot, prepared transaction, bloat, '
  'silent worker.';
comment on column unroll.alerts.subject is 'Who or what.';
comment on column unroll.alerts.found is 'What was found.';
comment on column unroll.alerts.remedy is 'What to do about it.';

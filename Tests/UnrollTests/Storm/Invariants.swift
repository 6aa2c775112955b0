import Postgres
import Store

/// What must hold whatever happened. Each query finds the violations, a line each.
extension Storm {
  /// Everything that is wrong afterwards; empty when all is well.
  func violations() throws -> [String] {
    var found = try lies()
    for (name, sql) in Self.invariants {
      let lines: [String] = try value("select array(\(sql))")
      found += lines.map { "\(name): \($0)" }
    }
    for sweep in acknowledged {
      let same: Int = try value(
        "select count(*) from unroll.sweeps where idempotency_key = '\(sweep.key)'"
          + " and id = \(sweep.sweep)")
      if same != 1 { found.append("I1: sweep \(sweep.sweep) was acknowledged and is not there") }
      found += try differences(of: sweep.sweep, from: calm[sweep.kind])
    }
    for trial in cancelled {
      let state: String = try value("select state from unroll.trials where id = \(trial)")
      // It may have ended just before its worker heard of it.
      if state != "cancelled" && state != "succeeded" {
        found.append("I7: trial \(trial) was cancelled and is \(state)")
      }
    }
    return found
  }

  /// I10: trials that succeeded have the bits of the calm run, in every metric and every model.
  private func differences(of sweep: Int, from calm: Int) throws -> [String] {
    try value(
      """
      with rows as (
        select * from (
          select sweep_id, number, 'metric' as what, concat_ws(' ', epoch, split, metric) as which,
            encode(float8send(value), 'hex') as bits
          from unroll.curves
          union all
          select sweep_id, number, 'artifact', name, sha256 from unroll.artifacts
          union all
          select t.sweep_id, t.number, 'flow', concat_ws(' ', f.epoch, f.layer, f.measure, f.lag),
            encode(float8send(f.mean) || float8send(f.low) || float8send(f.median)
              || float8send(f.high), 'hex')
          from unroll_internal.flow f join unroll_internal.trial t on t.id = f.trial_id
          union all
          select t.sweep_id, t.number, 'verdict', concat_ws(' ', v.epoch, v.layer),
            concat_ws(' ', v.verdict, v.lag, encode(float8send(v.jacobian)
              || float8send(v.decay) || float8send(v.memory_steps), 'hex'))
          from unroll_internal.flow_verdict v join unroll_internal.trial t on t.id = v.trial_id
          union all
          select sweep_id, number, 'objective', '', encode(float8send(objective), 'hex')
          from unroll.trials where state = 'succeeded'
        ) r where sweep_id in (\(sweep), \(calm))
      ), good as (
        select number from unroll.trials where sweep_id = \(sweep) and state = 'succeeded')
      select array(
        select format('I10: sweep \(sweep) trial %s: %s %s is %s and should be %s, of %s differences',
          coalesce(a.number, b.number), coalesce(a.what, b.what), coalesce(a.which, b.which),
          coalesce(a.bits, 'missing'), coalesce(b.bits, 'missing'), count(*) over ())
        from (select * from rows where sweep_id = \(sweep) and number in (table good)) a
          full join (select * from rows where sweep_id = \(calm) and number in (table good)) b
          using (number, what, which)
        where a.bits is distinct from b.bits
        limit 5)
      """)
  }

  private static let invariants: [(String, String)] = [
    (
      "I1 every sweep ends with its exact number of trials",
      """
      select format('sweep %s is %s with %s of %s trials, %s over', s.id, s.state,
        s.trials_created, s.trials, count(t.*) filter (where t.state >= 'succeeded'))
      from unroll_internal.sweep s left join unroll_internal.status t on t.sweep_id = s.id
      group by s.id
      having s.state <> 'finished' or s.trials_created <> \(trials) or s.trials <> \(trials)
        or count(t.*) filter (where t.state >= 'succeeded') <> \(trials)
      """
    ),
    (
      "I1 nothing fails by itself",
      """
      select format('trial %s is %s after %s failures: %s', trial_id, state, failures, error)
      from unroll_internal.status where failures > 0 or state not in ('succeeded', 'cancelled')
      """
    ),
    (
      "I2 tokens are 1 to n and at most one attempt is open",
      """
      select format('trial %s has attempts %s', s.trial_id, array_agg(a.token order by a.token))
      from unroll_internal.status s join unroll_internal.attempt a on a.trial_id = s.trial_id
      group by s.trial_id, s.token
      having count(*) <> s.token or max(a.token) <> s.token or min(a.token) <> 1
        or count(*) filter (where a.ended_at is null) > 0
      """
    ),
    (
      "I3 no attempt writes after the next was granted",
      """
      select format('trial %s: epoch %s by attempt %s, a later one by attempt %s', trial_id, epoch,
        token, earliest)
      from (
        select m.*, min(token) over (
            partition by trial_id, name_id, split order by epoch desc
            rows between unbounded preceding and 1 preceding) as earliest
        from unroll_internal.metric m) m
      where earliest < token
      """
    ),
    (
      "I3 what an attempt writes lies beyond the checkpoint that it went on from",
      """
      select distinct format('trial %s: epoch %s by attempt %s, which went on from epoch %s',
        m.trial_id, m.epoch, m.token, a.resumed_epoch)
      from unroll_internal.metric m left join unroll_internal.attempt a using (trial_id, token)
        left join unroll_internal.result r using (trial_id)
      -- What is measured of the model at the end belongs to its epoch, whoever reached that.
      where a.trial_id is null
        or m.epoch <= a.resumed_epoch and m.epoch is distinct from r.best_epoch
          -- A copy has the rows of its ancestor up to the rung at which it was made.
          and not exists (
            select from unroll_internal.leg l join unroll_internal.leg p
              on p.trial_id = l.trial_id and p.number < l.number
            where l.trial_id = m.trial_id and l.parent_id is not null and p.until >= m.epoch)
      """
    ),
    (
      "I3 no checkpoint and no model comes after the next was granted",
      """
      select format('trial %s: %s of attempt %s at %s, attempt %s since %s', w.trial_id, w.what,
        w.token, w.created_at, a.token, a.started_at)
      from (
        select trial_id, token, created_at, 'checkpoint' as what from unroll_internal.checkpoint
        union all
        select trial_id, token, created_at, name from unroll_internal.artifact) w
        join unroll_internal.attempt a on a.trial_id = w.trial_id and a.token > w.token
          and a.started_at < w.created_at
      """
    ),
    (
      "I4 the result is the last attempt's",
      """
      select format('trial %s: result of attempt %s, token %s, outcome %s', r.trial_id, r.token,
        s.token, a.outcome)
      from unroll_internal.result r join unroll_internal.status s using (trial_id)
        left join unroll_internal.attempt a on a.trial_id = r.trial_id and a.token = r.token
      where r.token <> s.token or a.outcome is distinct from 'succeeded' or s.state <> 'succeeded'
      union all
      select format('trial %s succeeded without a result', s.trial_id)
      from unroll_internal.status s where s.state = 'succeeded'
        and not exists (select from unroll_internal.result r where r.trial_id = s.trial_id)
      """
    ),
    (
      "I5 the window holds only what waits",
      """
      select format('trial %s is ready and %s', r.trial_id, s.state)
      from unroll_internal.ready r left join unroll_internal.status s using (trial_id)
      where s.state is distinct from 'queued'
      """
    ),
    (
      "I6 nothing begins after the end",
      """
      select format('trial %s ended at %s, attempt %s began at %s', s.trial_id, s.finished_at,
        a.token, a.started_at)
      from unroll_internal.status s join unroll_internal.attempt a using (trial_id)
      where a.started_at > s.finished_at
      """
    ),
    (
      "I7 nothing begins after it was cancelled",
      """
      select format('trial %s was cancelled at %s, attempt %s began at %s', d.trial_id, d.at,
        a.token, a.started_at)
      from unroll_internal.decision d join unroll_internal.attempt a
        on a.trial_id = d.trial_id and a.started_at > d.at
      where d.kind = 'cancel'
      """
    ),
    (
      "I8 losses are counted",
      """
      select format('trial %s: %s losses, %s lost attempts', s.trial_id, s.losses,
        count(a.*) filter (where a.outcome = 'lost'))
      from unroll_internal.status s left join unroll_internal.attempt a using (trial_id)
      group by s.trial_id
      having s.losses <> count(a.*) filter (where a.outcome = 'lost')
      """
    ),
    (
      "I9 no more run at one time than may",
      """
      select format('sweep %s: %s trials run at %s', s.id, count(*), a.started_at)
      from unroll_internal.sweep s
        join unroll_internal.trial t on t.sweep_id = s.id
        join unroll_internal.attempt a on a.trial_id = t.id
        join unroll_internal.trial u on u.sweep_id = s.id
        join unroll_internal.attempt b on b.trial_id = u.id
          and b.started_at <= a.started_at and b.ended_at > a.started_at
      where s.max_parallel is not null
      group by s.id, s.max_parallel, a.trial_id, a.token, a.started_at
      having count(*) > s.max_parallel
      """
    ),
    (
      "checkpoints are whole, and two at most",
      """
      select format('trial %s has %s checkpoints, %s whole', c.trial_id, count(*),
        count(*) filter (where c.complete))
      from unroll_internal.checkpoint c group by c.trial_id
      having count(*) > 2 or count(*) <> count(*) filter (where c.complete)
      """
    ),
    (
      "the best trials of a sweep, and no others, have predictions",
      """
      select format('sweep %s: trial %s has place %s of %s and predictions of %s splits', sweep_id,
        trial_id, place, keep_predictions, splits)
      from (
        select t.sweep_id, r.trial_id, s.keep_predictions, row_number() over (
            partition by s.id
            order by unroll_internal.badness(r.objective, s.objective_goal), t.number) as place,
          (select count(*) from unroll_internal.prediction p where p.trial_id = r.trial_id) as splits
        from unroll_internal.result r join unroll_internal.trial t on t.id = r.trial_id
          join unroll_internal.sweep s on s.id = t.sweep_id) ranked
      where (splits > 0) <> (place <= keep_predictions)
      """
    ),
  ]
}

import FoundationEssentials
import Glibc
import Orchestration
import Postgres

/// What must happen in time (I7, I11, I12), and whether nothing is left over. The database says when
/// things happened; time in which a fault of the storm stood in the way does not count.
extension Storm {
  /// How something that has a limit went.
  struct Timed {
    var name: String
    var limit: Double
    /// How often it happened, how often without any fault near it, and the slowest of these.
    var count = 0
    var undisturbed = 0
    var slowest = 0.0
    var violations: [String] = []

    var line: String {
      "\(name): \(undisturbed) of \(count) undisturbed, "
        + "the slowest in \(Storm.rounded(slowest)) s, \(Storm.rounded(limit)) s allowed"
    }
  }

  static func rounded(_ seconds: Double) -> String { "\((seconds * 100).rounded() / 100)" }

  /// I11: what a dead worker held is taken back within its time to live and a look of the leader,
  /// who looks every second.
  func detection() throws -> Timed {
    try timed(
      "I11 lost trials are taken back after the worker's time is over", limit: 1 + 2,
      hinderedBy: \.hindersSchedulers,
      """
      select a.trial_id, a.ended_at as happened,
        case when w.end_reason like 'no heartbeat%' then w.beat_at + w.ttl else w.ended_at end
          as due
      from unroll_internal.attempt a join unroll_internal.worker w on w.id = a.worker_id
      where a.outcome = 'lost' and a.error like 'worker on % is gone%'
      """)
  }

  /// I7: a worker hears of a cancellation at its next heartbeat, and stops within a batch; two beats
  /// are allowed.
  func cancellation() throws -> Timed {
    try timed(
      "I7 cancelled trials stop", limit: 2 * plan.lease / 3 + 1.5, hinderedBy: \.hindersWorkers,
      """
      select a.trial_id, a.ended_at as happened, d.at as due
      from unroll_internal.decision d join unroll_internal.attempt a
        on a.trial_id = d.trial_id and a.started_at < d.at and a.ended_at > d.at
      where d.kind = 'cancel' and d.details ? 'by'
      """)
  }

  private func timed(
    _ name: String, limit: Double, hinderedBy hinders: (Fault) -> Bool, _ sql: String
  ) throws -> Timed {
    var result = Timed(name: name, limit: limit)
    let hindrances = merged(incidents.filter { hinders($0.fault) })
    let columns = "from (\(sql)) t"
    let trials: [Int] = try value("select array(select trial_id \(columns) order by due, trial_id)")
    func moments(_ column: String) throws -> [Double] {
      try value(
        "select array(select extract(epoch from \(column))::float8 \(columns) order by due, trial_id)"
      )
    }
    for (trial, (due, happened)) in zip(trials, zip(try moments("due"), try moments("happened"))) {
      let hindered = hindrances.reduce(0) {
        $0 + max(0, min($1.upperBound, happened) - max($1.lowerBound, due))
      }
      result.count += 1
      if hindered == 0 {
        result.undisturbed += 1
        result.slowest = max(result.slowest, happened - due)
      }
      if happened - due - hindered > limit {
        result.violations.append(
          "\(name): trial \(trial) \(Self.rounded(happened - due)) s later, "
            + "\(Self.rounded(hindered)) s of it under faults")
      }
    }
    return result
  }

  /// When faults stood in the way, with the time that it takes to recover from them.
  private func merged(_ incidents: [Incident]) -> [ClosedRange<Double>] {
    var ranges: [ClosedRange<Double>] = []
    for incident in incidents {
      let range = incident.begin...incident.end + recovery
      if let last = ranges.last, last.upperBound >= range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
    return ranges
  }

  /// I12: seconds after a moment until six trials in a row succeeded at a share of the rate of the calm
  /// sweeps; nil if they never did.
  func recovered(after moment: Double, share: Double = 0.8) throws -> Double? {
    try value(
      """
      with ended as (
        select extract(epoch from a.ended_at)::float8 as at, t.sweep_id
        from unroll_internal.attempt a join unroll_internal.trial t on t.id = a.trial_id
        where a.outcome = 'succeeded'
      ), calm as (
        select (count(*) - 1) / (max(at) - min(at)) as rate from ended
        where sweep_id in (\(calm.map(String.init).joined(separator: ", ")))
      ), runs as (
        select at, lead(at, 5) over (order by at) - at as duration from ended where at > \(moment)
      )
      select min(at) - \(moment) from runs, calm where 5 / nullif(duration, 0) >= \(share) * calm.rate
      """)
  }

  /// How many trials succeeded in each five seconds after a moment, and in those of the calm sweeps.
  func successes(after moment: Double) throws -> (calm: [Int], after: [Int]) {
    func counts(_ condition: String, since begin: String) throws -> [Int] {
      try value(
        """
        with ended as (
          select extract(epoch from a.ended_at)::float8 as at
          from unroll_internal.attempt a join unroll_internal.trial t on t.id = a.trial_id
          where a.outcome = 'succeeded' and \(condition)
        ), counted as (
          select floor((at - \(begin)) / 5)::int as slice, count(*) as n from ended group by 1)
        select array(select coalesce(c.n, 0)
          from generate_series(0, (select max(slice) from counted)) g left join counted c on c.slice = g
          order by g)
        """)
    }
    return (
      calm: try counts(
        "t.sweep_id in (\(calm.map(String.init).joined(separator: ", ")))",
        since: "(select min(at) from ended)"),
      after: try counts("extract(epoch from a.ended_at) > \(moment)", since: "\(moment)")
    )
  }

  /// What is left when all sweeps are over: sessions, dead rows, alerts. Stops the daemons.
  func remains() throws -> [String] {
    var found: [String] = []
    let alerts: [String] = try value(
      "select array(select format('%s: %s: %s', kind, subject, found) from unroll.alerts)")
    found += alerts.map { "I12 alert: \($0)" }
    let bloated: [String] = try value(
      """
      select array(select format('%s has %s dead rows', relname, n_dead_tup)
        from pg_stat_user_tables
        where schemaname = 'unroll_internal' and relname in ('ready', 'status', 'worker')
          and n_dead_tup > 5000)
      """)
    found += bloated.map { "I12: \($0)" }
    let sessions = """
      select array(select concat_ws(' ', pid, application_name, state, query)
        from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend'
          and pid <> pg_backend_pid())
      """
    let open: [String] = try value(sessions)
    let allowed = 2 * (workers.count + schedulers.count)
    if open.count > allowed {
      found.append(
        "I12: \(open.count) sessions of \(workers.count + schedulers.count) daemons: \(open)")
    }
    let daemons = workers + schedulers
    for daemon in daemons { daemon.send(SIGTERM) }
    for daemon in daemons { _ = daemon.wait() }
    (workers, schedulers) = ([], [])
    let limit = ContinuousClock.now + .seconds(10)
    var left = open
    // PgBouncer keeps its sessions.
    while !left.isEmpty, !plan.isPooled, ContinuousClock.now < limit {
      left = try value(sessions)
      pause(0.05)
    }
    if !plan.isPooled { found += left.map { "I12: a session without a daemon: \($0)" } }
    return found
  }
}

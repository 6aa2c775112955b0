import Dispatch
import Glibc
import Orchestration
import Postgres
import Store
import TestSupport

/// What can happen to daemons and their database.
enum Fault: String, CaseIterable {
  case killWorker, stopWorker, killScheduler, stopScheduler, terminateWorker, declaredDead
  case killBackends, crashServer, readOnly, diskFull, lockedTable, heldSnapshot, noConnections
  case halfOpen, slowNetwork, cutNetwork, lostAnswers
  case cancelTrial
  /// Not injected at a moment: a worker begins with it.
  case clockShift
}

extension Storm {
  /// One fault, drawn at random, and its end.
  func inject() throws {
    let fault = plan.only ?? Fault.allCases.dropLast().randomElement(using: &random) ?? .killWorker
    injected[fault, default: 0] += 1
    pause(share() * 0.6)
    switch fault {
    case .killWorker: worker().send(SIGKILL)
    case .terminateWorker: worker().send(SIGTERM)
    case .killScheduler: scheduler().send(SIGKILL)
    case .stopWorker: stop(worker())
    case .stopScheduler: stop(scheduler())
    case .declaredDead:
      // As a leader does that did not see its beats; it goes on until it hears of it.
      try run(
        """
        update unroll_internal.worker
        set state = 'dead', ended_at = clock_timestamp(), end_reason = 'declared dead by the storm'
        where id = (select worker_id from unroll_internal.status where state = 'leased'
          order by random() limit 1)
        """)
    case .killBackends:
      try run(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5
        """)
    case .crashServer:
      try server.crash()
      pause(share() * 2)
      try restartServer()
    case .readOnly:
      try run("alter system set default_transaction_read_only = on")
      try run("select pg_reload_conf()")
      pause(0.5 + share() * 2)
      try run("set default_transaction_read_only = off")
      try run("alter system reset default_transaction_read_only")
      try run("select pg_reload_conf()")
    case .diskFull:
      try withTrigger(pausing: 0.5 + share() * 2)
    case .lockedTable:
      try inTransaction("lock unroll_internal.status in access exclusive mode", share() * 2)
    case .heldSnapshot:
      try inTransaction("select count(*) from unroll_internal.status", share() * 3)
    case .noConnections: try exhaust(share() * 2)
    case .halfOpen: behave(.halfOpen, for: 0.5 + share() * plan.lease * 2)
    case .lostAnswers:
      behave(.swallowAnswers, for: 0.2 + share())
      proxy.behave(.cut)
      proxy.behave(.pass)
    case .slowNetwork:
      proxy.delay(milliseconds: Int(1 + share() * 40))
      pause(share() * 3)
      proxy.delay(milliseconds: 0)
    case .cutNetwork:
      proxy.cut(afterBytes: Int(share() * 20_000))
      pause(share())
      proxy.behave(.pass)
    case .cancelTrial: try cancel()
    case .clockShift: break
    }
  }

  private func share() -> Double { Double(random.next() >> 11) / Double(UInt64(1) << 53) }
  private func worker() -> ChildProcess { workers[Int(random.next() % UInt64(workers.count))] }
  private func scheduler() -> ChildProcess {
    schedulers[Int(random.next() % UInt64(schedulers.count))]
  }

  /// A process that sleeps until its lease is over, and then goes on as if nothing had happened.
  private func stop(_ process: ChildProcess) {
    process.send(SIGSTOP)
    pause(plan.lease * (0.5 + 1.5 * share()))
    process.send(SIGCONT)
  }

  private func behave(_ behaviour: FaultyProxy.Behaviour, for seconds: Double) {
    proxy.behave(behaviour)
    pause(seconds)
    proxy.behave(.pass)
  }

  private func run(_ sql: String) throws {
    try database { database in
      do {
        try database.connection.query(Query(sql))
      } catch let error as PostgresError {
        throw StoreError(error)
      }
    }
  }

  private func inTransaction(_ sql: String, _ seconds: Double) throws {
    // On a connection of its own: while it lasts, the storm's own one must not wait for it.
    guard let connection = try? Connection(direct) else { return }
    defer { connection.close() }
    try? connection.transaction(isolation: .repeatableRead) {
      try connection.query(Query(sql))
      pause(seconds)
    }
  }

  /// A disk that has no room for a worker's writes.
  private func withTrigger(pausing seconds: Double) throws {
    try run(
      """
      create or replace function unroll_internal.full_disk() returns trigger language plpgsql as $$
      begin
        raise exception 'could not extend file: No space left on device' using errcode = '53100';
      end $$
      """)
    for table in ["metric", "checkpoint", "result"] {
      try run(
        """
        create or replace trigger full_disk before insert on unroll_internal.\(table)
        for each row execute function unroll_internal.full_disk()
        """)
    }
    pause(seconds)
    for table in ["metric", "checkpoint", "result"] {
      try run("drop trigger if exists full_disk on unroll_internal.\(table)")
    }
  }

  private func exhaust(_ seconds: Double) throws {
    var open: [Connection] = []
    for _ in 0..<300 {
      guard let connection = try? Connection(direct) else { break }
      open.append(connection)
    }
    pause(seconds)
    for connection in open { connection.close() }
  }

  private func cancel() throws {
    let trial: Int? = try value(
      """
      select max(t.trial_id) from unroll_internal.status t join unroll_internal.sweep s
        on s.id = t.sweep_id where s.state = 'active' and t.state in ('queued', 'leased')
      """)
    guard let trial else { return }
    let state: String = try value("select unroll.cancel_trial(\(trial))")
    if state == "cancelled" || state == "cancelling" { cancelled.append(trial) }
  }
}

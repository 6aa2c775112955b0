import Dispatch
import Logging
import Orchestration
import Postgres
import Search
import Store
import Synchronization
import TestSupport
import Testing
import Training

/// A migrated scratch database with a small dataset, and daemons on threads of this process.
final class Daemons {
  let options: ConnectionOptions
  let database: Database

  /// A daemon that runs.
  final class Running: Sendable {
    private let shutdown = Shutdown()
    private let thread = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)

    init(_ body: @escaping @Sendable (Shutdown) throws -> Void) {
      DispatchQueue(label: "unroll.test.daemon").async(group: thread) { [self] in
        do { try body(shutdown) } catch { failure.withLock { $0 = error } }
      }
    }

    /// Stops it as SIGTERM does.
    func stop() throws {
      shutdown.request()
      thread.wait()
      if let error = failure.withLock({ $0 }) { throw error }
    }
  }

  private static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// With how daemons connect; straight to the scratch database if not said.
  init(_ options: ConnectionOptions? = nil) throws {
    self.options = try options ?? Scratch.database
    let options = self.options
    database = try Database(options)
    try database.migrate()
    let dataset = try Generator.temporalOrder.dataset(count: 300, length: 12, seed: 3)
    let content = dataset.encoded()
    _ = try database.putDataset(
      NewDataset(
        name: "order", version: dataset.sha256, kind: "symbols", header: JSON(text: "{}"),
        summary: JSON(text: "{}"), examples: dataset.count),
      content: content)
  }

  func scheduler(queue: String = "default", lease: Duration = .seconds(10)) -> Running {
    let options = options
    return Running { shutdown in
      try Scheduler(
        options, SchedulerSettings(queue: queue, lease: lease, interval: .milliseconds(10)),
        logger: Self.silent
      ).run(until: shutdown)
    }
  }

  func worker(
    slots: Int = 1, queue: String = "default", lease: Duration = .seconds(30),
    checkpointEvery: Duration = .seconds(30),
    progressTimeout: Duration = .seconds(600)
  ) -> Running {
    let options = options
    return Running { shutdown in
      try Worker(
        options,
        WorkerSettings(
          slots: slots, queue: queue, lease: lease, checkpointEvery: checkpointEvery,
          reportEvery: .zero, progressTimeout: progressTimeout),
        logger: Self.silent
      ).run(until: shutdown)
    }
  }

  /// Waits for what the daemons bring about; three minutes are far more than it takes, also beside all
  /// other tests on a busy machine.
  func wait(_ what: Comment, until isTrue: () throws -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(180)
    let never = DispatchSemaphore(value: 0)
    while try !isTrue() {
      try #require(ContinuousClock.now < limit, what)
      _ = never.wait(timeout: .now() + .milliseconds(5))
    }
  }

  func enqueue(_ yaml: String) throws -> Int {
    let spec = try SweepSpec.parse(yaml, file: "test.yaml", schema: .sweep)
    return try database.enqueue(JSON(text: spec.json))
  }

  func state(_ sweep: Int) throws -> String {
    try value("select state from unroll.sweeps where id = \(sweep)")
  }

  func waitForEnd(_ sweep: Int) throws {
    try wait("sweep \(sweep) does not end") {
      try !["submitted", "active"].contains(state(sweep))
    }
  }

  /// The only value of a query.
  func value<T: PostgresDecodable>(_ sql: String) throws -> T {
    try database.connection.query(Query(sql)).one()[0]
  }

  /// Everything that a sweep came to and that must not depend on who trained it, and when.
  func results(_ sweep: Int) throws -> [String] {
    try database.connection.query(
      Query(
        """
        select t.number || ' ' || t.params::text || ' ' || t.state || ' '
            || coalesce(float8send(t.objective)::text, '') || ' ' || coalesce(t.best_epoch, 0)
            || ' ' || coalesce((
              select string_agg(concat_ws(' ', c.epoch, c.split, c.metric, float8send(c.value)), ','
                order by c.epoch, c.split, c.metric)
              from unroll.curves c where c.trial_id = t.id), '')
            || ' ' || coalesce((
              select string_agg(a.name || a.sha256, ',' order by a.name)
              from unroll.artifacts a where a.trial_id = t.id), '')
        from unroll.trials t where t.sweep_id = \(sweep) order by t.number
        """)
    ).map { try $0[0] }
  }
}

extension Daemons {
  /// Six trials of well under a second.
  static let small = """
    name: small
    dataset: {name: order, split: {test: 0.2, validation: 0.2}}
    model: {cell: {choice: [rnn, lstm, gru]}, hidden: {choice: [4, 6]}, embedding: 5, dropout: 0.2}
    training: {epochs: 3, batch: 16, rate: 0.01}
    search: grid
    seed: 11
    """

  /// One trial that takes seconds.
  static let long = """
    name: long
    dataset: {name: order}
    model: {cell: lstm, hidden: 48, embedding: 8, dropout: 0.3}
    training: {epochs: 400, batch: 4, rate: 0.001}
    trials: 1
    seed: 5
    """
}

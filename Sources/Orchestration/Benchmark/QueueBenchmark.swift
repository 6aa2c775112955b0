import FoundationEssentials
public import Postgres
import Store

/// What the queue takes: null trials through the statements of real workers and a real scheduler, on
/// a scratch database that is dropped afterwards.
///
/// The commits are those of the server: `fsync` and its disk decide about one trial at a time.
public struct QueueBenchmark {
  /// Trials in the queue.
  public var trials = 100_000
  /// Workers side by side, a connection each.
  public var workers = 4
  /// Trials that a worker takes and ends together.
  public var batch = 50
  /// Seconds of each part that has no end of its own.
  public var seconds = 10.0

  /// What one part of the benchmark came to.
  public struct Row: Encodable, Sendable {
    /// The part.
    public var name: String
    /// What was done, in a line, where the name does not say it.
    public var note: String?
    /// How many there were.
    public var count: Int
    /// What was counted: trials or points.
    public var unit: String
    /// Per second of wall time, all workers together.
    public var rate: Double
    /// Claims that were granted nothing because the window was empty; they are timed nowhere.
    public var emptyClaims: Int?
    /// The median claim that was granted something, in milliseconds.
    public var claimP50: Double?
    /// The slowest claim in a hundred, in milliseconds.
    public var claimP99: Double?
    /// The median end of a trial or batch, in milliseconds.
    public var finishP50: Double?
    /// The slowest end in a hundred, in milliseconds.
    public var finishP99: Double?
    /// SQL statements a trial.
    public var statements: Double?
    /// Transactions a trial.
    public var commits: Double?
  }

  /// The defaults of `unroll bench queue`.
  public init() {}

  /// Creates the scratch database, runs all parts, and drops it.
  ///
  /// - Parameters:
  ///   - server: A server whose user may create databases.
  ///   - shutdown: Ends the benchmark early.
  ///   - report: Told of each part as it ends.
  /// - Throws: `StoreError` when the server refuses.
  public func run(
    on server: ConnectionOptions, until shutdown: Shutdown, report: @escaping (Row) -> Void
  ) throws {
    let name = "unroll_bench_\(UUID().uuidString.prefix(8).lowercased())"
    try Database(server).createScratch(name)
    var options = server
    options.database = name
    let result = Result {
      let queue = try QueueUnderTest(options, self, shutdown)
      defer { queue.stop() }
      for part in [
        queue.create, queue.reports, queue.pacedReports, queue.points, queue.paced, queue.singly,
        queue.batches,
      ] where !shutdown.isRequested {
        try part(report)
      }
    }
    try Database(server).dropScratch(name)
    try result.get()
  }
}

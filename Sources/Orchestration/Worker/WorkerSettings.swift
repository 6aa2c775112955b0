import FoundationEssentials

/// How a worker runs.
public struct WorkerSettings: Sendable {
  /// How many trials at a time, each on one thread.
  public var slots: Int
  /// Which trials it takes.
  public var queue: String
  /// After so long without a heartbeat the scheduler gives its trials to others.
  public var lease: Duration
  /// How much of a trial's work a crash may cost.
  public var checkpointEvery: Duration
  /// How long metrics wait for others to be written together.
  public var reportEvery: Duration
  /// Without a step for so long a trial counts as hanging.
  public var progressTimeout: Duration
  /// How long a stopping worker tries to give its trials back when the database is away.
  public var patience: Duration
  /// The version of the program.
  public var version: String

  /// - Parameters:
  ///   - slots: How many trials at a time; at least one.
  ///   - queue: Which trials it takes.
  ///   - lease: How long a silent worker keeps its trials.
  ///   - checkpointEvery: The time between two checkpoints of a trial.
  ///   - reportEvery: The time between two writes of metrics.
  ///   - progressTimeout: How long a step of a trial may take.
  ///   - patience: How long it tries to give trials back when it stops.
  ///   - version: The version of the program.
  public init(
    slots: Int = WorkerSettings.cores, queue: String = "default", lease: Duration = .seconds(30),
    checkpointEvery: Duration = .seconds(30), reportEvery: Duration = .seconds(1),
    progressTimeout: Duration = .seconds(600), patience: Duration = .seconds(15),
    version: String = ""
  ) {
    precondition(slots > 0, "\(slots) slots")
    self.slots = slots
    self.queue = queue
    self.lease = lease
    self.checkpointEvery = checkpointEvery
    self.reportEvery = reportEvery
    self.progressTimeout = progressTimeout
    self.patience = patience
    self.version = version
  }

  /// The cores that this process may use: those of its affinity mask, which containers and Slurm
  /// set. (`ProcessInfo` counts those of the machine.)
  public static var cores: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let allowed = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    // Such as "0-3,8".
    let ranges = allowed?.drop { !$0.isNumber }.split(separator: ",") ?? []
    let count = ranges.reduce(0) { count, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last else { return count }
      return count + last - first + 1
    }
    return count > 0 ? count : max(1, ProcessInfo.processInfo.activeProcessorCount)
  }
}

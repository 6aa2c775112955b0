/// How a scheduler runs.
public struct SchedulerSettings: Sendable {
  /// Which sweeps it drives.
  public var queue: String
  /// After so long without a renewal another scheduler may lead.
  public var lease: Duration
  /// The least time between two looks at the database when there is nothing to do.
  public var interval: Duration
  /// How many trials wait to be claimed, at least; four for each slot that is alive if that is more.
  public var window: Int

  /// - Parameters:
  ///   - queue: Which sweeps it drives.
  ///   - lease: How long it leads without a renewal.
  ///   - interval: The least time between two looks at the database.
  ///   - window: How many trials wait to be claimed, at least.
  public init(
    queue: String = "default", lease: Duration = .seconds(10),
    interval: Duration = .milliseconds(50), window: Int = 64
  ) {
    precondition(window > 0, "a window of \(window)")
    self.queue = queue
    self.lease = lease
    self.interval = interval
    self.window = window
  }
}

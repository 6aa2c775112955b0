import Store

/// The window of trials that may be claimed, as the leader keeps it: full, and where several sweeps share
/// it, in the fair order.
struct ReadyWindow {
  /// How many trials came into a window and changed their places there.
  struct Moved {
    var refilled = 0
    var ranked = 0
  }

  private let queue: String
  /// The sweeps of the last turn.
  private var sweeps: Set<Int> = []
  /// Whether trials were claimed, or sweeps came, since the window was last in order.
  private var isChanged = false
  private let begin = ContinuousClock.now
  /// By what shares are rounded.
  private var lot = 0
  /// When it may be ordered again, and when it is, although nothing is known to have changed.
  private var nextRank = ContinuousClock.now
  private var latestRank = ContinuousClock.now

  init(queue: String) {
    self.queue = queue
  }

  /// Does what is due.
  ///
  /// - Parameters:
  ///   - leadership: Whose turn it is.
  ///   - client: The database.
  ///   - size: How many trials wait to be claimed.
  ///   - sweeps: The numbers of the sweeps that have trials to run.
  /// - Returns: What moved.
  /// - Throws: `StoreError`, also when the term of the leader is over.
  mutating func turn(
    of leadership: Leadership, _ client: DatabaseClient, size: Int, sweeps: Set<Int>
  ) throws -> Moved {
    var moved = Moved()
    if sweeps != self.sweeps {
      self.sweeps = sweeps
      isChanged = true
    }
    // Proving the term is a write: an idle scheduler makes none.
    guard !sweeps.isEmpty else { return moved }
    moved.refilled = try client.perform {
      try $0.refill(queue: queue, window: size, by: leadership)
    }
    // Something was claimed, and who has the next right to a slot is another one.
    if moved.refilled > 0 { isChanged = true }
    let now = ContinuousClock.now
    guard sweeps.count > 1, now >= (isChanged ? nextRank : latestRank) else { return moved }
    // Drawn only when something changed: each draw moves nearly all that waits.
    if isChanged { lot = Int(begin.duration(to: now).inSeconds) }
    moved.ranked = try client.perform {
      try $0.rankWindow(queue: queue, window: size, lot: lot, by: leadership)
    }
    isChanged = false
    // The order of thousands takes its time: a twentieth of ours at most, and a thousand moves a second.
    nextRank = .now + max((.now - now) * 20, .milliseconds(moved.ranked))
    latestRank = max(nextRank, .now + .seconds(1))
    return moved
  }
}

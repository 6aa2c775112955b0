/// When a table is to be vacuumed: after many changes, and after few too, if it costs little.
struct VacuumPace {
  /// Rows that changed since the last vacuum. What an earlier leader changed nobody knows: there was
  /// something.
  var changes = 1

  private let most: Int
  private var next = ContinuousClock.now
  /// Whether the last vacuum may have left rows that somebody's snapshot still saw.
  private var mayHaveLeft = false

  /// - Parameter most: After so many changes it is due at once.
  init(most: Int) {
    self.most = most
  }

  func isDue(at now: ContinuousClock.Instant) -> Bool {
    changes >= most || now >= next && (changes > 0 || mayHaveLeft)
  }

  mutating func ran(since begin: ContinuousClock.Instant, until end: ContinuousClock.Instant) {
    mayHaveLeft = changes > 0
    changes = 0
    // Few are cleared away for a fiftieth of the time at most.
    next = end + max(.seconds(10), (end - begin) * 50)
  }
}

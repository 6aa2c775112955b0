/// When a table is to be vacuumed: after many changes, and after few too, if it costs little.
struct VacuumPace {
  /// Rows that changed since the last vacuum. What an earlier leader changed nobody knows: there was
  /// something.
  var changes = 1

  private let most: Int
  private var nextOfMany = ContinuousClock.now
  private var nextOfFew = ContinuousClock.now
  /// Whether the last vacuum may have left rows that somebody's snapshot still saw: there is one more.
  private var mayHaveLeft = false

  /// - Parameter most: So many changes are many.
  init(most: Int) {
    self.most = most
  }

  func isDue(at now: ContinuousClock.Instant) -> Bool {
    changes >= most ? now >= nextOfMany : now >= nextOfFew && (changes > 0 || mayHaveLeft)
  }

  mutating func ran(since begin: ContinuousClock.Instant, until end: ContinuousClock.Instant) {
    mayHaveLeft = changes > 0
    changes = 0
    // Many are cleared away for a fifth of the time at most, few for a fiftieth.
    nextOfMany = end + (end - begin) * 4
    nextOfFew = end + max(.seconds(10), (end - begin) * 50)
  }

  mutating func failed(at now: ContinuousClock.Instant) {
    nextOfMany = now + .seconds(10)
    nextOfFew = nextOfMany
  }
}

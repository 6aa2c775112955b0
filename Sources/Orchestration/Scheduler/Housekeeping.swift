import Logging
import Store

/// What the leader does beside scheduling, each at its own pace and in small steps: it stops sweeps
/// whose time is over, deletes what need not be kept, and vacuums the tables that every claim reads.
struct Housekeeping {
  /// Of the window: claims slow down visibly after some ten thousand dead rows; a vacuum takes
  /// milliseconds.
  private var window = VacuumPace(most: 2_000)
  /// Of the states of trials: a refill has to pass over the dead entries of all that went through the
  /// window.
  private var states = VacuumPace(most: 20_000)
  private static let batch = 1_000

  private let queue: String
  private let logger: Logger
  private var nextBudgets = ContinuousClock.now
  private var nextExpiry = ContinuousClock.now
  private var mayVacuum = true

  init(queue: String, logger: Logger) {
    self.queue = queue
    self.logger = logger
  }

  /// Takes note of trials that came into the window or changed their places there.
  mutating func note(_ moved: ReadyWindow.Moved) {
    window.changes += moved.refilled + moved.ranked
    states.changes += moved.refilled
  }

  /// Does what is due.
  ///
  /// - Throws: `StoreError`, also when the term of the leader is over.
  mutating func turn(of leadership: Leadership, _ client: DatabaseClient) throws {
    let now = ContinuousClock.now
    if now >= nextBudgets {
      for sweep in try client.perform({ try $0.enforceBudgets(queue: queue, by: leadership) }) {
        logger.notice("sweep \(sweep.id) stopped: \(sweep.reason)")
      }
      // The sum over the attempts of a large sweep takes its time: a twentieth of ours at most.
      nextBudgets = .now + max(.seconds(1), (.now - now) * 20)
    }
    if now >= nextExpiry {
      let begin = ContinuousClock.now
      let gone = try client.perform { try $0.expire(limit: Self.batch, by: leadership) }
      if gone > 0 { logger.debug("deleted \(gone) rows that need not be kept") }
      nextExpiry = .now + (gone < Self.batch ? .seconds(60) : (.now - begin) * 4)
    }
    try vacuum(\.window) { try client.perform { try $0.vacuumWindow() } }
    try vacuum(\.states) { try client.perform { try $0.vacuumStates() } }
  }

  private mutating func vacuum(
    _ pace: WritableKeyPath<Housekeeping, VacuumPace>, _ body: () throws -> Void
  ) throws {
    let begin = ContinuousClock.now
    guard mayVacuum, self[keyPath: pace].isDue(at: begin) else { return }
    do {
      try body()
      self[keyPath: pace].ran(since: begin, until: .now)
    } catch let error as StoreError where !error.isRetryable {
      // Only the owner of a table may, and autovacuum does it later.
      mayVacuum = false
      logger.notice("cannot vacuum the queue, autovacuum has to: \(error)")
    } catch {
      self[keyPath: pace].failed(at: .now)
      throw error
    }
  }
}

/// The heartbeat of a worker as a value: when the next beat is due, and when to stop believing that
/// the trials are still its own.
///
/// The fence in the database keeps a lost worker from writing; this machine keeps it from burning a
/// core for nothing. Time is counted from when a beat was sent, on a clock that also runs while the
/// machine sleeps.
package struct Pulse: Equatable, Sendable {
  /// What to do now.
  package enum Action: Equatable {
    /// Wait until this moment.
    case wait(until: ContinuousClock.Instant)
    /// Send a beat.
    case beat
    /// No beat came through for too long: drop all trials and start over as a new worker.
    case abandon
  }

  private let interval: Duration
  private let patience: Duration
  private var lastSuccess: ContinuousClock.Instant
  private var nextBeat: ContinuousClock.Instant

  /// - Parameters:
  ///   - lease: After so long without a beat the scheduler gives the trials to others.
  ///   - now: When the registration, which counts as a beat, was sent.
  package init(lease: Duration, now: ContinuousClock.Instant) {
    precondition(lease > .zero, "a lease of \(lease)")
    interval = lease / 3
    patience = lease - lease / 10
    lastSuccess = now
    nextBeat = now + interval
  }

  package func due(at now: ContinuousClock.Instant) -> Action {
    if now >= lastSuccess + patience { return .abandon }
    return now >= nextBeat ? .beat : .wait(until: min(nextBeat, lastSuccess + patience))
  }

  /// The database took the beat that was sent at `sent`.
  package mutating func succeeded(sent: ContinuousClock.Instant) {
    lastSuccess = max(lastSuccess, sent)
    nextBeat = sent + interval
  }

  /// The beat did not come through: try again soon.
  package mutating func failed(at now: ContinuousClock.Instant) {
    nextBeat = now + interval / 5
  }
}

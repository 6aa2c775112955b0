import FoundationEssentials

/// One registered identity of a worker: what its threads must know of it at every batch.
///
/// A worker that could not beat for too long gives this identity up for ever and registers anew.
final class Incarnation: Sendable {
  private struct State {
    var pulse: Pulse
    var isOver = false
    /// Trials to cancel, and when the beat was sent that named them.
    var cancelled: (trials: Set<Int>, asked: ContinuousClock.Instant)?
  }

  let id: UUID
  private let state: Locked<State>

  /// - Parameters:
  ///   - id: Fresh, never used before.
  ///   - lease: How long the database believes in it without a beat.
  ///   - registered: When the registration was sent.
  init(id: UUID, lease: Duration, registered: ContinuousClock.Instant) {
    self.id = id
    state = Locked(State(pulse: Pulse(lease: lease, now: registered)))
  }

  /// Whether its trials must be dropped without another write. Judged by the clock, too: a heartbeat
  /// that hangs in the network must not keep a thread training.
  var isLost: Bool {
    state.withLock { $0.isOver || $0.pulse.due(at: .now) == .abandon }
  }

  /// Whether a trial is to be cancelled that was claimed at a moment: what a beat from before says
  /// was meant for an earlier attempt.
  func isCancelled(_ trial: Int, claimed: ContinuousClock.Instant) -> Bool {
    state.withLock { state in
      state.cancelled.map { $0.asked > claimed && $0.trials.contains(trial) } ?? false
    }
  }

  /// What the heartbeat has to do.
  func due(at now: ContinuousClock.Instant) -> Pulse.Action {
    state.withLock { $0.isOver ? .abandon : $0.pulse.due(at: now) }
  }

  /// The database took a beat and named the trials to cancel.
  func beaten(sent: ContinuousClock.Instant, cancelled: [Int]) {
    state.withLock {
      $0.pulse.succeeded(sent: sent)
      $0.cancelled = (Set(cancelled), sent)
    }
  }

  /// A beat did not come through.
  func unanswered(at now: ContinuousClock.Instant) {
    state.withLock { $0.pulse.failed(at: now) }
  }

  /// The database declared it dead, or it was silent for too long.
  func end() {
    state.withLock { $0.isOver = true }
  }
}

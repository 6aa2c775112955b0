import Dispatch
import Store

/// Writes what a trial reaches while it goes on training: metrics in the order of their epochs, and
/// the newest checkpoint.
///
/// One write at a time is under way for a trial; what comes meanwhile goes with the next, so that a
/// slow database makes the batches larger and never a training slower.
final class Recorder: Sendable {
  private struct State {
    var metrics: [MetricPoint] = []
    var flow: [FlowMeasurement] = []
    var checkpoint: NewCheckpoint?
    var isWriting = false
    var failure: (any Error)?

    mutating func take() -> Progress {
      defer {
        metrics = []
        flow = []
        checkpoint = nil
      }
      return Progress(metrics: metrics, checkpoint: checkpoint, flow: flow)
    }
  }

  private let lease: Lease
  private let client: DatabaseClient
  private let queue: DispatchQueue
  private let goOn: @Sendable () -> Bool
  private let state = Locked(State())
  private let writes = DispatchGroup()

  /// - Parameters:
  ///   - lease: Under which everything is written.
  ///   - client: The connection.
  ///   - queue: Where to wait for the database.
  ///   - goOn: Whether to try again while the database is away.
  init(
    _ lease: Lease, _ client: DatabaseClient, queue: DispatchQueue,
    while goOn: @escaping @Sendable () -> Bool
  ) {
    self.lease = lease
    self.client = client
    self.queue = queue
    self.goOn = goOn
  }

  /// Why nothing more can be written: the lease is lost, or the database refuses.
  var failure: (any Error)? { state.withLock { $0.failure } }

  /// Takes metrics, and how gradients flowed, to write; returns at once.
  func record(_ metrics: [MetricPoint], flow: [FlowMeasurement] = []) {
    state.withLock {
      $0.metrics += metrics
      $0.flow += flow
    }
    schedule()
  }

  /// Takes a checkpoint to write, in place of one that still waits; returns at once.
  func record(_ checkpoint: NewCheckpoint) {
    state.withLock { $0.checkpoint = checkpoint }
    schedule()
  }

  /// Waits for the write under way and hands over what was not written, for the transaction that
  /// ends the trial.
  ///
  /// - Throws: Why nothing more can be written.
  func finish() throws -> Progress {
    // Without this the write under way would go on with the rest.
    let rest = state.withLock { $0.take() }
    writes.wait()
    if let failure { throw failure }
    return rest
  }

  private func schedule() {
    let isDue = state.withLock { state in
      guard !state.isWriting, state.failure == nil else { return false }
      state.isWriting = true
      return true
    }
    if isDue { queue.async(group: writes) { [self] in write() } }
  }

  private func write() {
    let progress = state.withLock { $0.take() }
    do {
      try client.persist(while: goOn) { try $0.write(progress, under: lease) }
    } catch {
      state.withLock { $0.failure = error }
    }
    let isMore = state.withLock { state in
      state.isWriting =
        state.failure == nil
        && !(state.metrics.isEmpty && state.flow.isEmpty && state.checkpoint == nil)
      return state.isWriting
    }
    if isMore { queue.async(group: writes) { [self] in write() } }
  }
}

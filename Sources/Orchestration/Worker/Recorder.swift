import Dispatch
import Store

/// Writes what a trial reaches while it goes on training: metrics in the order of their epochs, and
/// the newest checkpoint.
///
/// What comes within a second goes together, and one write at a time is under way for a trial; what
/// comes meanwhile goes with the next. So a short trial costs a commit to claim and one to end, and a
/// slow database makes the batches larger and never a training slower. What waits here is bounded
/// by the time for which a worker believes in its identity without a heartbeat, and where heartbeats
/// go on and writes do not, because somebody holds a lock, by ``makeRoom(while:)``.
final class Recorder: Sendable {
  private struct State {
    var metrics: [MetricPoint] = []
    var flow: [FlowMeasurement] = []
    var checkpoint: NewCheckpoint?
    var isScheduled = false
    var failure: (any Error)?

    var isEmpty: Bool { metrics.isEmpty && flow.isEmpty && checkpoint == nil }

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
  private let gathering: Duration
  private let goOn: @Sendable () -> Bool
  private let state = Locked(State())
  private let writes = DispatchGroup()

  /// - Parameters:
  ///   - lease: Under which everything is written.
  ///   - client: The connection.
  ///   - queue: Where to wait for the database: a serial one, so that writes keep their order.
  ///   - gathering: How long metrics wait for others to be written together.
  ///   - goOn: Whether to try again while the database is away.
  init(
    _ lease: Lease, _ client: DatabaseClient, queue: DispatchQueue,
    gathering: Duration = .seconds(1), while goOn: @escaping @Sendable () -> Bool
  ) {
    self.lease = lease
    self.client = client
    self.queue = queue
    self.gathering = gathering
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
    schedule(after: gathering)
  }

  /// Takes a checkpoint to write, in place of one that still waits; returns at once.
  func record(_ checkpoint: NewCheckpoint) {
    state.withLock { $0.checkpoint = checkpoint }
    schedule(after: .zero)
  }

  /// So much is some megabytes.
  static let limit = 50_000

  /// Whether more waits than training should add to.
  var isFull: Bool { state.withLock { $0.metrics.count + $0.flow.count > Self.limit } }

  /// Waits until what was recorded is on its way, if it is more than ``limit``.
  ///
  /// - Parameter goOn: Asked ten times a second whether it is worth waiting.
  func makeRoom(while goOn: () -> Bool) {
    let never = DispatchSemaphore(value: 0)
    while isFull, failure == nil, goOn() {
      _ = never.wait(timeout: .now() + .milliseconds(100))
    }
  }

  /// Waits for the write under way and hands over what was not written, for the transaction that
  /// ends the trial.
  ///
  /// - Throws: Why nothing more can be written.
  func finish() throws -> Progress {
    // Without this the write under way would go on with the rest.
    let rest = state.withLock { state in
      state.isScheduled = false
      return state.take()
    }
    writes.wait()
    if let failure { throw failure }
    return rest
  }

  private func schedule(after delay: Duration) {
    let isNew = state.withLock { state in
      // A write at once also takes what a later one was to write; that one will find nothing.
      guard state.failure == nil, !state.isScheduled || delay == .zero else { return false }
      state.isScheduled = true
      return true
    }
    if isNew { queue.asyncAfter(deadline: .now() + delay.interval) { [self] in write() } }
  }

  private func write() {
    let progress: Progress? = state.withLock { state in
      guard state.isScheduled, !state.isEmpty, state.failure == nil else {
        return nil
      }
      state.isScheduled = false
      writes.enter()
      return state.take()
    }
    guard let progress else { return }
    defer { writes.leave() }
    do {
      try client.persist(while: goOn) { try $0.write(progress, under: lease) }
    } catch {
      state.withLock { $0.failure = error }
    }
  }
}

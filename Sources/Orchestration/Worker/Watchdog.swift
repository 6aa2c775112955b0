import Dispatch
import Logging
import Store

/// Finds trials whose thread hangs although the process lives and its heartbeat goes on.
///
/// A thread cannot be ended from outside: the attempt is ended in the database, so that the trial
/// goes on elsewhere, the worker gives back what else it runs, and its process ends for a new one.
final class Watchdog: Sendable {
  private let running: RunningLeases
  private let limit: Duration
  private let client: DatabaseClient
  private let logger: Logger
  private let shutdown: Shutdown
  private let ending = Shutdown()
  private let thread = DispatchGroup()
  private let stalled = Locked<[Lease]>([])

  /// Starts to watch.
  init(
    _ running: RunningLeases, limit: Duration, _ client: DatabaseClient, shutdown: Shutdown,
    logger: Logger
  ) {
    self.running = running
    self.limit = limit
    self.client = client
    self.shutdown = shutdown
    self.logger = logger
    DispatchQueue(label: "unroll.watchdog").async(group: thread) { [self] in watch() }
  }

  /// The first trial that was found hanging.
  var firstStalled: Lease? { stalled.withLock { $0.first } }

  /// Stops to watch.
  func stop() {
    ending.request()
    thread.wait()
  }

  private func watch() {
    while !ending.wait(min(limit / 4, .seconds(5)).interval) {
      for lease in running.takeStalled(longerThan: limit, at: .now) {
        logger.error(
          "no progress for \(limit): the attempt is ended, and this worker with it",
          metadata: ["trial": "\(lease.trial)", "attempt": "\(lease.token)"])
        stalled.withLock { $0.append(lease) }
        do {
          _ = try client.persist(while: { !ending.isRequested }) {
            try $0.fail(
              lease, error: "no progress for \(limit)", retry: true, cpuSeconds: limit.inSeconds)
          }
        } catch {
          logger.debug("the lease was lost before: \(error)")
        }
        shutdown.request()
      }
    }
  }
}

/// A worker ended because the thread of a trial hung.
public struct StalledError: Error, CustomStringConvertible {
  /// The trial.
  public let trial: Int
  /// How long it made no step.
  public let limit: Duration

  /// One line for a person.
  public var description: String {
    "trial \(trial) made no step for \(limit); it was given back, start the worker again"
  }
}

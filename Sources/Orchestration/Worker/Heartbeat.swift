import Dispatch
import Logging
import Postgres
import Store

/// Tells the database that a worker lives, on a connection and a thread of its own: it must never
/// wait behind the upload of a checkpoint.
final class Heartbeat: Sendable {
  private let incarnation: Incarnation
  private let client: DatabaseClient
  private let logger: Logger
  private let ending = Shutdown()
  private let thread = DispatchGroup()

  /// Starts beating.
  init(_ incarnation: Incarnation, _ options: ConnectionOptions, lease: Duration, logger: Logger) {
    var options = options
    // A beat that takes longer than the time between two is as good as none.
    options.callTimeout = lease / 3
    options.connectTimeout = min(options.connectTimeout, lease / 3)
    self.incarnation = incarnation
    self.logger = logger
    client = DatabaseClient(options, name: "heartbeat", logger: logger)
    DispatchQueue(label: "unroll.pulse").async(group: thread) { [self] in beat() }
  }

  /// Stops beating and waits for the beat under way.
  func stop() {
    ending.request()
    thread.wait()
    client.close()
  }

  private func beat() {
    while !ending.isRequested {
      let now = ContinuousClock.now
      switch incarnation.due(at: now) {
      case .wait(let moment):
        ending.wait((moment - now).interval)
      case .beat:
        do {
          switch try client.perform({ try $0.beat(worker: incarnation.id) }) {
          case .alive(let cancelled): incarnation.beaten(sent: now, cancelled: cancelled)
          case .dead:
            logger.warning("declared dead: all trials are dropped")
            return incarnation.end()
          }
        } catch {
          logger.debug("a beat did not come through: \(error)")
          incarnation.unanswered(at: .now)
        }
      case .abandon:
        logger.warning("no beat came through for too long: all trials are dropped")
        return incarnation.end()
      }
    }
  }
}

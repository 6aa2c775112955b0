import Dispatch
import Postgres
import Store
import Synchronization

/// Another client of the database, with a connection and a thread of its own.
struct Bystander: Sendable {
  private let fixture: Fixture
  private let pid: Int
  private let queue = DispatchQueue(label: "bystander")

  init(_ given: Fixture) throws {
    var fixture = given
    fixture.database = try given.another()
    self.fixture = fixture
    let database = fixture.database
    pid = try database.connection.query("select pg_backend_pid()").one()[0]
    // Whoever waits for each other is told so at once.
    try database.connection.execute("set deadlock_timeout = '20ms'")
  }

  /// Begins an operation in a transaction of its own, and returns when it is over or waits for a lock.
  func begin(
    _ operation: Operation, _ it: Situation, watchedBy monitor: Database
  ) throws -> Turn {
    let turn = Turn()
    queue.async { [fixture] in
      turn.end(
        Result {
          do {
            return try fixture.connection.transaction { try operation.run(it, on: fixture) }
          } catch let error as PostgresError {
            throw StoreError(error)
          }
        })
    }
    while !turn.isOver(within: .milliseconds(1)) {
      let waits: Bool? = try monitor.connection.query(
        "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1", [pid]
      ).one()[0]
      if waits == true {
        turn.waited()
        break
      }
    }
    return turn
  }
}

/// An operation under way on a bystander's thread.
final class Turn: Sendable {
  private struct State {
    var result: Result<Bool, any Error>?
    var hasWaited = false
  }

  private let state = Mutex(State())
  private let ended = DispatchSemaphore(value: 0)

  func end(_ result: Result<Bool, any Error>) {
    state.withLock { $0.result = result }
    ended.signal()
  }

  func waited() { state.withLock { $0.hasWaited = true } }

  /// Whether it had to wait for somebody's lock.
  var hasWaited: Bool { state.withLock { $0.hasWaited } }

  func isOver(within duration: DispatchTimeInterval) -> Bool {
    guard ended.wait(timeout: .now() + duration) == .success else { return false }
    // The next one who asks finds the same.
    ended.signal()
    return true
  }

  /// Waits for its end; nil when it had been overtaken and was refused.
  func outcome() throws -> Bool? {
    guard isOver(within: .seconds(30)) else { throw MissingError() }
    let result = state.withLock { $0.result }
    do {
      return try result?.get()
    } catch let error as StoreError where Self.refusals.contains(error.code) {
      return nil
    }
  }

  /// What a function may answer when another one was faster. All else is a mistake: above all a
  /// deadlock, which the server breaks by ending one of two.
  private static let refusals: [StoreError.Code] = [
    .leaseLost, .leadershipLost, .invalid, .budgetSpent,
  ]
}

import Dispatch
public import Logging
public import Postgres
public import Store

/// One connection that comes back: its users hand over what to do, one thing after the other, and a
/// broken connection is opened again before the next.
///
/// A worker has two of them: one for work, one for the heartbeat, which must never wait behind the
/// upload of a checkpoint.
public final class DatabaseClient: @unchecked Sendable {
  // @unchecked Sendable: 'database', 'isDown' and 'isHeldUp' are touched only on 'queue'.
  private let queue: DispatchQueue
  private let cancelling: DispatchQueue
  private var database: Database?
  private var isDown = false
  private var isHeldUp = false
  private let options: ConnectionOptions
  private let logger: Logger

  /// Nothing is opened before the first use.
  ///
  /// - Parameters:
  ///   - options: Where the database is.
  ///   - name: What the queue is called in a debugger.
  ///   - logger: Told once when the database goes away, and once when it is back.
  public init(_ options: ConnectionOptions, name: String, logger: Logger) {
    self.options = options
    self.logger = logger
    queue = DispatchQueue(label: "unroll.\(name)")
    cancelling = DispatchQueue(label: "unroll.\(name).cancelling")
  }

  /// Does something with the database and waits for it.
  ///
  /// - Throws: What `body` throws, or `StoreError` when there is no connection to be had.
  public func perform<R>(_ body: (Database) throws -> R) throws -> R {
    try queue.sync { try onConnection(body) }
  }

  /// Does something with the database again and again until it is done, with growing pauses, as
  /// long as the error is one that passes (``StoreError/isRetryable``) and `goOn` says so.
  ///
  /// `body` may have had its effect although the answer was lost: it must be safe to repeat.
  public func persist<R>(
    while goOn: () -> Bool = { true }, _ body: (Database) throws -> R
  ) throws -> R {
    var backoff = Backoff()
    while true {
      do {
        return try perform(body)
      } catch let error as StoreError where error.isRetryable && goOn() {
        backoff.pause(while: goOn)
      }
    }
  }

  /// Closes the connection; the next use opens a new one.
  public func close() {
    queue.sync {
      database?.connection.close()
      database = nil
    }
  }

  private func onConnection<R>(_ body: (Database) throws -> R) throws -> R {
    do {
      if database?.connection.isBroken == true { database = nil }
      let open: Database
      if let database {
        open = database
      } else {
        open = try Database(options)
        database = open
      }
      let result = try body(open)
      if isDown {
        isDown = false
        logger.notice("the database is back")
      }
      isHeldUp = false
      return result
    } catch let error as StoreError where error.isRetryable {
      if error.isOutage, !isDown {
        isDown = true
        logger.warning("the database is away: \(error); trying again until it is back")
      } else if !error.isOutage, !isHeldUp {
        isHeldUp = true
        logger.notice("held up: \(error); trying again")
      }
      letGo(after: error)
      throw error
    }
  }

  /// Drops a connection that is broken, or that ended up at a server which only reads: the next one
  /// may find the primary.
  private func letGo(after error: StoreError) {
    guard let connection = database?.connection else { return }
    if error.cause?.code == .timeout {
      // The server may still wait for a lock, and do it all when nobody expects it any more. Asking
      // it to stop can take as long as the call did: nobody waits for that.
      let canceller = connection.canceller
      cancelling.async { try? canceller.cancel() }
    }
    if connection.isBroken || error.sqlState == "25006" {
      connection.close()
      database = nil
    }
  }
}

/// Pauses that double up to five seconds, each drawn anew between zero and its length, so that a
/// thousand workers do not all come back in the same moment.
struct Backoff {
  private var longest = 0.05

  mutating func pause(while goOn: () -> Bool) {
    let length = Double.random(in: 0...longest)
    longest = min(longest * 2, 5)
    let end = ContinuousClock.now + .seconds(length)
    let never = DispatchSemaphore(value: 0)
    while goOn() {
      let left = end - .now
      guard left > .zero else { return }
      _ = never.wait(timeout: .now() + min(left, .milliseconds(100)).interval)
    }
  }
}

extension Duration {
  /// For Dispatch.
  var interval: DispatchTimeInterval {
    let (seconds, attoseconds) = components
    return .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
  }

  /// In seconds.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

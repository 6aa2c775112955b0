import CPostgres
import Synchronization

/// One session with a server, over libpq.
///
/// Synchronous, and confined: any thread may use a connection, one at a time. A second thread that
/// comes while a call (or a transaction) of the first is under way traps, because it is a mistake
/// of the program that would otherwise mix two conversations. Only ``canceller`` may be used by
/// other threads at any time.
///
/// After a lost connection or a passed deadline ``isBroken`` is true and every call throws: open
/// another connection.
///
/// `@unchecked Sendable`: everything mutable is touched only between `enter` and `leave`, which one
/// thread at a time gets through, with acquire and release order on `owner`.
public final class Connection: @unchecked Sendable {
  /// A message that the server sends beside its answers, such as a warning.
  public typealias NoticeHandler = @Sendable (PostgresError) -> Void

  var handle: OpaquePointer?
  var transactionIsOpen = false
  var prepared = PreparedStatements()
  var notices: NoticeBox
  /// How long a call may take that does not say otherwise; nil waits for ever.
  public let callTimeout: Duration?
  /// Asks the server to stop the statement that this connection is running, from any thread.
  public let canceller: Canceller
  /// The version of the server as a number, such as 150020 for 15.20.
  public let serverVersion: Int
  /// The number of the server's process that serves this connection.
  public let backendProcessID: Int32

  /// How many statements were sent, those of transactions' begin and end included.
  public internal(set) var statementCount = 0
  /// How many transactions were begun.
  public internal(set) var transactionCount = 0

  private let owner = Atomic<UInt>(0)
  private var depth = 0

  /// Connects; throws a retryable error if the server cannot be reached in time.
  public init(_ options: ConnectionOptions, notices: @escaping NoticeHandler = { _ in }) throws {
    let handle = try options.connect()
    guard PQsetnonblocking(handle, 1) == 0, let canceller = Canceller(handle) else {
      PQfinish(handle)
      throw PostgresError(.unexpected, "libpq has no memory")
    }
    self.handle = handle
    self.canceller = canceller
    self.notices = NoticeBox(notices)
    callTimeout = options.callTimeout
    serverVersion = Int(PQserverVersion(handle))
    backendProcessID = PQbackendPID(handle)
    prepared.isEnabled = options.preparesStatements
    self.notices.attach(to: handle)
    let host = PQhost(handle).map { String(cString: $0) } ?? ""
    if !host.isEmpty, !host.hasPrefix("/"), !host.hasPrefix("@") { try watchClient() }
  }

  /// Makes the server look after its end as this one does: else a client that vanishes in the middle
  /// of a batch keeps its locks for two hours.
  private func watchClient() throws {
    do {
      try execute(
        """
        set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
        set tcp_user_timeout = 20000
        """, timeout: .seconds(5))
    } catch let error as PostgresError where error.code == .server && !error.isRetryable {
      // Not every server, and not every pooler, can do that.
    }
  }

  deinit { PQfinish(handle) }

  /// Whether the connection is closed or lost, and can only be thrown away.
  public var isBroken: Bool {
    confined { handle.map { PQstatus($0) != CONNECTION_OK } ?? true }
  }

  /// Says goodbye to the server and closes the socket; a second call does nothing.
  public func close() {
    confined { abandon() }
  }

  /// A setting that the server reports by itself, such as `server_version` or `TimeZone`.
  public func parameterStatus(_ name: String) -> String? {
    confined {
      handle.flatMap { PQparameterStatus($0, name) }.map { String(cString: $0) }
    }
  }

  // MARK: Statements

  /// Runs one statement with its parameters and waits for its whole answer.
  @discardableResult
  public func query(
    _ sql: String, _ parameters: [any PostgresEncodable] = [], timeout: Duration? = nil
  ) throws -> Rows {
    try query(Query(sql, parameters), timeout: timeout)
  }

  /// Runs one statement with its parameters and waits for its whole answer.
  @discardableResult
  public func query(_ query: Query, timeout: Duration? = nil) throws -> Rows {
    count(statements: 1)
    return Rows(box: try run(query, format: .binary, timeout: timeout))
  }

  /// Runs a script of any number of statements; unless it says otherwise, as one transaction.
  ///
  /// Meant for migrations and the like: nothing can be bound, and answers are thrown away.
  public func execute(_ script: String, timeout: Duration? = nil) throws {
    _ = try simple(script, timeout: timeout)
  }

  /// Writes a name of the database so that it can stand in an SQL text.
  public static func quoted(identifier: String) -> String {
    "\""
      + identifier.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  func count(statements: Int) {
    confined {
      statementCount += statements
      if !transactionIsOpen { transactionCount += 1 }
    }
  }

  // MARK: Confinement

  /// Runs `body` as the only thread that may use the connection; traps if another one does.
  func confined<R>(_ body: () throws -> R) rethrows -> R {
    let me = currentThread()
    if owner.load(ordering: .relaxed) != me {
      let (exchanged, _) = owner.compareExchange(
        expected: 0, desired: me, successOrdering: .acquiring, failureOrdering: .relaxed)
      precondition(exchanged, "a database connection is used by two threads at the same time")
    }
    depth += 1
    defer {
      depth -= 1
      if depth == 0 { owner.store(0, ordering: .releasing) }
    }
    return try body()
  }
}

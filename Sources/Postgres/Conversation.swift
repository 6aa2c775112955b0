import CPostgres

/// The form in which answers come.
enum ResultFormat: Int32 {
  case text = 0
  case binary = 1
}

extension String {
  /// C would stop at a zero byte and run half of a statement.
  func checkedForZeroBytes() throws {
    if utf8.contains(0) {
      throw PostgresError(.encoding, "the text of a statement holds a zero byte")
    }
  }
}

// Sending, waiting and receiving; all of it runs inside `confined`.
extension Connection {
  func deadline(_ timeout: Duration?) -> Deadline { Deadline(after: timeout ?? callTimeout) }

  /// The handle, if the connection can still be used.
  func open() throws -> OpaquePointer {
    guard let handle, PQstatus(handle) == CONNECTION_OK else {
      abandon()
      throw PostgresError(.connectionLost, "the database connection is closed")
    }
    return handle
  }

  /// Closes the socket; nothing works on this connection from now on.
  func abandon() {
    guard let handle else { return }
    self.handle = nil
    PQfinish(handle)
  }

  /// The error that libpq has just reported by itself, with the connection closed.
  func loss(_ sql: String?) -> PostgresError {
    let words = handle.map { String(cString: PQerrorMessage($0)) } ?? ""
    abandon()
    let message = PostgresError.oneLine(words)
    var error = PostgresError(
      .connectionLost,
      message.isEmpty ? "the database connection is lost" : "database connection lost: \(message)")
    error.sql = sql
    return error
  }

  /// The error of a passed deadline, with the connection closed: what the server does is unknown,
  /// and waiting for a cancellation could take just as long.
  func expiry(_ sql: String?) -> PostgresError {
    abandon()
    var error = PostgresError(
      .timeout, "the database did not answer in time; the connection is closed")
    error.sql = sql
    return error
  }

  /// Writes what is queued and reads until an answer can be taken without waiting.
  func settle(_ handle: OpaquePointer, until deadline: Deadline, sql: String?) throws {
    while true {
      let unsent = PQflush(handle)
      guard unsent >= 0 else { throw loss(sql) }
      if PQisBusy(handle) == 0 { return }
      let wanted: Readiness = unsent == 1 ? [.read, .write] : .read
      let ready = try wanted.wait(on: PQsocket(handle), until: deadline)
      if ready.isEmpty { throw expiry(sql) }
      if ready.contains(.read), PQconsumeInput(handle) == 0, PQisBusy(handle) == 1 {
        throw loss(sql)
      }
    }
  }

  /// Takes all answers up to the end of the command; throws the first error among them.
  func collect(until deadline: Deadline, sql: String) throws -> [ResultBox] {
    let handle = try open()
    var results: [ResultBox] = []
    var failure: PostgresError?
    do {
      while true {
        try settle(handle, until: deadline, sql: sql)
        guard let pointer = PQgetResult(handle) else { break }
        let result = ResultBox(pointer)
        switch result.status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
          results.append(result)
        case PGRES_COPY_IN:
          // Refused by the server with an error that carries these words.
          guard PQputCopyEnd(handle, "COPY … FROM STDIN needs copyIn") == 1 else {
            throw loss(sql)
          }
        case PGRES_COPY_OUT, PGRES_COPY_BOTH:
          abandon()
          throw PostgresError(.unexpected, "COPY … TO STDOUT is not supported").about(sql)
        default:
          if failure == nil { failure = PostgresError(result: pointer).about(sql) }
        }
      }
    } catch let error as PostgresError {
      // The server's last words say more than "the server closed the connection".
      throw failure ?? error
    }
    if let failure {
      if PQstatus(handle) != CONNECTION_OK { abandon() }
      throw failure
    }
    return results
  }

  /// Sends a text that may hold several statements; the answers are in text form.
  func simple(_ script: String, timeout: Duration?) throws -> [ResultBox] {
    try confined {
      let handle = try open()
      try script.checkedForZeroBytes()
      guard PQsendQuery(handle, script) == 1 else { throw loss(script) }
      return try collect(until: deadline(timeout), sql: script)
    }
  }

  /// Runs one statement; all of its answer is in one result.
  func run(_ query: Query, format: ResultFormat, timeout: Duration?) throws -> ResultBox {
    try confined {
      let deadline = deadline(timeout)
      let parameters = try ParameterBlock(query)
      do {
        return try runOnce(query.sql, parameters, format, deadline)
      } catch let error as PostgresError where canRetryUnprepared(error) {
        return try runOnce(query.sql, parameters, format, deadline)
      }
    }
  }

  private func runOnce(
    _ sql: String, _ parameters: ParameterBlock, _ format: ResultFormat, _ deadline: Deadline
  ) throws -> ResultBox {
    let handle = try open()
    let key = PreparedStatements.Key(sql: sql, types: parameters.types)
    switch prepared.plan(for: key) {
    case .direct:
      guard parameters.send(sql, format, on: handle) else { throw loss(sql) }
    case .prepare(let name):
      guard parameters.sendPrepare(sql, name: name, on: handle) else { throw loss(sql) }
      _ = try collect(until: deadline, sql: sql)
      prepared.isReady(key, as: name)
      guard parameters.send(prepared: name, format, on: handle) else { throw loss(sql) }
    case .prepared(let name):
      guard parameters.send(prepared: name, format, on: handle) else { throw loss(sql) }
    }
    do {
      guard let result = try collect(until: deadline, sql: sql).last else {
        throw PostgresError(.unexpected, "the server sent no answer").about(sql)
      }
      return result
    } catch let error as PostgresError {
      if error.isStalePlan { prepared.forget(key) }
      throw error
    }
  }

  /// Whether a failure came only from a plan that is no longer right, with nothing done by it.
  func canRetryUnprepared(_ error: PostgresError) -> Bool {
    guard error.isStalePlan, let handle else { return false }
    // Someone else has been on our connection to the server: it is a pooler's.
    if error.sqlState == "26000" || error.sqlState == "42P05" { prepared.isEnabled = false }
    return PQtransactionStatus(handle) == PQTRANS_IDLE
  }
}

extension PostgresError {
  /// A prepared statement is gone, or its table has changed so that it would answer differently.
  var isStalePlan: Bool {
    sqlState == "26000" || sqlState == "42P05"
      || (sqlState == "0A000" && routine == "RevalidateCachedQuery")
  }
}

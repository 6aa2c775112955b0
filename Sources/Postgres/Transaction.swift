import CPostgres

/// How far a transaction is kept apart from others that run beside it.
public enum Isolation: String, Sendable {
  /// Each statement sees what was committed before it began.
  case readCommitted = "read committed"
  /// All statements see what was committed before the first began.
  case repeatableRead = "repeatable read"
  /// As if transactions ran one after the other; may fail with SQLSTATE 40001.
  case serializable
}

extension Connection {
  /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
  ///
  /// If the connection is lost or the deadline passes during the commit, it is unknown whether it
  /// happened. A transaction within a transaction is a mistake of the program and traps.
  public func transaction<R>(
    isolation: Isolation? = nil, readOnly: Bool = false,
    _ body: () throws -> R
  ) throws -> R {
    try confined {
      precondition(!transactionIsOpen, "a transaction is begun inside another one")
      let level = isolation.map { " isolation level \($0.rawValue)" } ?? ""
      try execute("begin" + level + (readOnly ? " read only" : ""))
      count(statements: 2)
      transactionIsOpen = true
      defer { transactionIsOpen = false }
      let value: R
      do {
        value = try body()
      } catch {
        // The first error is the one that says why; a connection that cannot roll back is closed,
        // and the server rolls back by itself.
        if handle != nil {
          do { try execute("rollback") } catch { abandon() }
        }
        throw error
      }
      guard try simple("commit", timeout: nil).last?.command == "COMMIT" else {
        throw PostgresError(
          .rolledBack, "the transaction was rolled back: a statement in it had failed")
      }
      return value
    }
  }
}

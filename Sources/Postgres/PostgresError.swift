/// Why a call on a database failed: one open code, the server's words, and never a bound value or a
/// password.
///
/// After ``Code/connectionLost`` or ``Code/timeout`` the effect of the call is unknown: the server may
/// have committed it. Whoever repeats it must be able to see whether it happened.
public struct PostgresError: Error, Sendable, Hashable {
  /// The kind of failure; new kinds can be added without breaking anyone's `catch`.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private let name: String
    init(_ name: String) { self.name = name }
    /// The name of the code, for logs.
    public var description: String { name }

    /// The connection's text or environment cannot be understood.
    public static let badOptions = Code("bad options")
    /// Nobody answers where the server should be.
    public static let unreachable = Code("unreachable")
    /// The server does not accept this user or password.
    public static let authentication = Code("authentication")
    /// The call's own deadline has passed; the connection is closed.
    public static let timeout = Code("timeout")
    /// The server refused the statement; see ``PostgresError/sqlState``.
    public static let server = Code("server")
    /// The connection ended during the call, or was ended before it.
    public static let connectionLost = Code("connection lost")
    /// A parameter cannot be sent: a zero byte in a text, a date outside the server's range.
    public static let encoding = Code("encoding")
    /// A column is missing, or its type or value is not what the reader asked for.
    public static let decoding = Code("decoding")
    /// A commit was answered with a rollback, because an earlier statement had failed.
    public static let rolledBack = Code("rolled back")
    /// libpq was used in a way, or answered in a way, that this library does not know.
    public static let unexpected = Code("unexpected")
  }

  /// The kind of failure.
  public var code: Code
  /// The five-character SQLSTATE, if the server said one.
  public var sqlState: String?
  /// What happened, in one line.
  public var message: String
  /// More about it, from the server.
  public var detail: String?
  /// What to do about it.
  public var hint: String?
  /// The constraint that was violated.
  public var constraint: String?
  /// The table that the failure is about.
  public var table: String?
  /// The column that the failure is about.
  public var column: String?
  /// The place in the statement, in characters from 1.
  public var position: Int?
  /// The function or trigger, line by line, in which the server failed.
  public var context: String?
  /// The statement, without its parameters, as it was sent.
  public var sql: String?
  /// The server's function that reported the failure; tells apart failures with one SQLSTATE.
  package var routine: String?

  /// An error with its code and a line that says what happened.
  public init(_ code: Code, _ message: String, hint: String? = nil, sqlState: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
    self.sqlState = sqlState
  }

  /// Whether the same call, on a fresh connection if this one is broken, may well succeed later.
  ///
  /// That holds for lost and refused connections, a server that starts, stops or is short of disk,
  /// memory or connections, a serialisation failure or a deadlock, a primary that has become a
  /// standby, and a statement that was cancelled or did not get a lock in time.
  public var isRetryable: Bool {
    switch code {
    case .unreachable, .timeout, .connectionLost: return true
    case .server:
      guard let sqlState else { return false }
      return sqlState.hasPrefix("08") || Self.retryableStates.contains(sqlState)
    default: return false
    }
  }

  private static let retryableStates: Set<String> = [
    "57P01", "57P02", "57P03", "57P05", "53000", "53100", "53200", "53300", "40001", "40P01",
    "25006",
    "25P03", "57014", "55P03", "58030", "26000", "42P05",
  ]

  /// The same error, with the statement that it belongs to.
  func about(_ sql: String) -> PostgresError {
    var error = self
    if error.sql == nil { error.sql = sql }
    return error
  }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    var line = Self.oneLine(message)
    if let sqlState, code == .server { line += " (SQLSTATE \(sqlState))" }
    if let hint { line += "; " + Self.oneLine(hint) }
    return line
  }

  /// All that is known, for a log: still without bound values.
  ///
  /// The server's detail may quote values of the row ("Key (name)=(x) already exists"), so it is
  /// here and not in ``description``.
  public var debugDescription: String {
    var parts = ["\(code): \(description)"]
    func add(_ name: String, _ value: String?) {
      if let value { parts.append("\(name): \(Self.oneLine(value))") }
    }
    add("detail", detail)
    add("constraint", constraint)
    add("table", table)
    add("column", column)
    add("position", position.map(String.init))
    add("context", context)
    add("sql", sql.map { Self.short(Self.oneLine($0)) })
    return parts.joined(separator: " | ")
  }

  static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  static func short(_ text: String) -> String {
    text.count <= 200 ? text : text.prefix(200) + "…"
  }
}

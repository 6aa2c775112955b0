public import Postgres

/// Why an operation on the database failed, in the product's words.
public struct StoreError: Error, Sendable, Hashable {
  /// The kind of failure; new kinds can be added without breaking anyone's `catch`.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The name of the code, for logs.
    public let description: String
    private init(_ description: String) { self.description = description }

    /// Another worker owns the trial now, or nobody: stop training, write nothing.
    public static let leaseLost = Code("lease lost")
    /// Another scheduler leads now: stop deciding.
    public static let leadershipLost = Code("leadership lost")
    /// Bytes are missing, or do not hash to what was promised.
    public static let corrupt = Code("corrupt")
    /// A sweep cannot have more trials than its budget.
    public static let budgetSpent = Code("budget spent")
    /// What was asked for is not valid: the message says what was found and what is allowed.
    public static let invalid = Code("invalid")
    /// There is no such thing.
    public static let notFound = Code("not found")
    /// Something else needs it.
    public static let inUse = Code("in use")
    /// Something of that name, with other content, is there already.
    public static let conflict = Code("conflict")
    /// The database was migrated by a newer version of the program.
    public static let newerDatabase = Code("newer database")
    /// The database must be migrated first.
    public static let olderDatabase = Code("older database")
    /// The database is set up in a way in which the program cannot work.
    public static let unsuitable = Code("unsuitable")
    /// Somebody else holds a lock for too long; try again.
    public static let busy = Code("busy")
    /// The database cannot be reached, or broke off; the effect of the call may be unknown.
    public static let unavailable = Code("unavailable")
    /// Any other error of the database.
    public static let database = Code("database")
  }

  /// The kind of failure.
  public let code: Code
  /// What happened, in one line.
  public let message: String
  /// The error of the database behind it, if there is one.
  public let cause: PostgresError?

  /// An error with its code and a line that says what happened.
  public init(_ code: Code, _ message: String, cause: PostgresError? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The error of the database in the product's words.
  public init(_ error: PostgresError) {
    let code: Code =
      switch error.sqlState {
      case "QF001": .leaseLost
      case "QF002": .leadershipLost
      case "QF003": .corrupt
      case "QF004": .budgetSpent
      case "22023": .invalid
      case "23505": .conflict
      case "55P03": .busy
      case "3F000", "42P01", "42883": .olderDatabase
      default: error.isRetryable ? .unavailable : .database
      }
    // The server's words, without the SQLSTATE, where they are ours.
    let isOurs = [.leaseLost, .leadershipLost, .corrupt, .budgetSpent, .invalid].contains(code)
    let message: String
    if code == .olderDatabase {
      message = "the database lacks what this program needs; run: unroll migrate"
    } else {
      message = isOurs ? error.message : error.description
    }
    self.init(code, message, cause: error)
  }

  /// Whether the same call may well succeed later, on a fresh connection if this one is broken.
  public var isRetryable: Bool {
    code == .busy || code == .unavailable || cause?.isRetryable ?? false
  }

  /// Whether nobody could have been answered, neither this program nor any other: not so for a lock that
  /// somebody holds, a statement that took too long, or two transactions that did not go together.
  public var isOutage: Bool {
    guard isRetryable, code != .busy else { return false }
    return !["40001", "40P01", "57014", "25P03", "26000", "42P05"].contains(sqlState)
  }

  /// The SQLSTATE, if the server said one.
  public var sqlState: String? { cause?.sqlState }
}

extension StoreError: CustomStringConvertible, CustomDebugStringConvertible {
  /// One line for a person.
  public var description: String { message }
  /// All that is known, for a log; never a bound value.
  public var debugDescription: String {
    "\(code): \(message)" + (cause.map { " | " + String(reflecting: $0) } ?? "")
  }
}

/// Runs `body` and puts errors of the database into the product's words.
func storing<R>(_ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let error as PostgresError {
    throw StoreError(error)
  }
}

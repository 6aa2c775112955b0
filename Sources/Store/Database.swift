public import Postgres

/// The product's database behind one connection: every operation is a method, every error a
/// ``StoreError``.
///
/// Confined like the connection: one thread at a time.
public struct Database: Sendable {
  /// The connection that everything runs on.
  public let connection: Connection

  /// Uses a connection that is open already.
  public init(_ connection: Connection) {
    self.connection = connection
  }

  /// Connects.
  public init(_ options: ConnectionOptions) throws {
    self.init(try storing { try Connection(options) })
  }

  // MARK: Running statements

  func all<S: Statement>(_ statement: S) throws -> [S.Output] {
    try storing { try connection.query(statement.query).map(S.decode) }
  }

  func one<S: Statement>(_ statement: S) throws -> S.Output {
    try storing { try S.decode(connection.query(statement.query).one()) }
  }

  func oneOrNone<S: Statement>(_ statement: S) throws -> S.Output? {
    try storing { try connection.query(statement.query).oneOrNone().map(S.decode) }
  }

  /// Returns how many rows were changed.
  @discardableResult
  func run(_ statement: some Statement) throws -> Int {
    try storing { try connection.query(statement.query).affected }
  }

  /// Several statements in one round trip and one transaction.
  @discardableResult
  func batch(_ statements: [any Statement]) throws -> [Rows] {
    try storing { try connection.pipeline(statements.map(\.query)) }
  }

  func transaction<R>(_ body: () throws -> R) throws -> R {
    try storing { try connection.transaction(body) }
  }
}

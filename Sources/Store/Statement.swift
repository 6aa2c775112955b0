import Postgres

/// One SQL statement of the product: its text, its parameters, and how its rows are read.
///
/// The text is a constant; whatever varies is bound.
protocol Statement: Sendable {
  /// What one row of the answer is read as; `Void` where there is nothing to read.
  associatedtype Output
  static var sql: String { get }
  var parameters: [any PostgresEncodable] { get }
  static func decode(_ row: Row) throws -> Output
}

extension Statement {
  var parameters: [any PostgresEncodable] { [] }
  var query: Query { Query(Self.sql, parameters) }
}

extension Statement where Output == Void {
  static func decode(_ row: Row) throws {}
}

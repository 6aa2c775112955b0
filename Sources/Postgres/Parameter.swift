/// A value on its way to the server: always bound, never part of the SQL text.
public struct Parameter: Sendable, Hashable {
  /// The type that the value is sent as.
  public let type: PostgresType
  /// Whether `bytes` are in the binary form of the type, or in its text form.
  public let isBinary: Bool
  /// The value as the server reads it; nil is NULL.
  public let bytes: [UInt8]?
  /// Why the value cannot be sent, if so; the call that carries it throws this.
  let flaw: String?

  /// A value in the binary form of its type; nil is NULL.
  public init(binary bytes: [UInt8]?, as type: PostgresType) {
    self.init(bytes: bytes, type: type, isBinary: true, flaw: nil)
  }

  /// A value in text form, which the server reads as it reads a quoted literal.
  ///
  /// Without a type the server infers it, so that a text can be bound where an enum, a date or a
  /// `jsonb` is expected.
  public init(text: String?, as type: PostgresType = .inferred) {
    let bytes = text.map { Array($0.utf8) }
    let hasZero = bytes?.contains(0) ?? false
    self.init(
      bytes: bytes, type: type, isBinary: false,
      flaw: hasZero ? "a text holds a zero byte, which PostgreSQL cannot store" : nil)
  }

  /// A value that no server can take; the call that would send it throws an encoding error.
  public init(invalid reason: String, as type: PostgresType) {
    self.init(bytes: [], type: type, isBinary: true, flaw: reason)
  }

  private init(bytes: [UInt8]?, type: PostgresType, isBinary: Bool, flaw: String?) {
    self.bytes = bytes
    self.type = type
    self.isBinary = isBinary
    self.flaw = flaw
  }
}

/// A value that can be bound to `$1`, `$2`, … of a statement.
public protocol PostgresEncodable: Sendable {
  /// The type that NULL is sent as where the value is an Optional.
  static var postgresType: PostgresType { get }
  /// The value as the server reads it.
  var postgresParameter: Parameter { get }
}

/// A value that can stand in an array parameter and be NULL there.
public protocol PostgresScalar: PostgresEncodable, PostgresArrayElement {}

/// What an array that is bound may hold.
///
/// `UInt8` is one without being encodable by itself: an array of it is a `bytea`.
public protocol PostgresArrayElement: Sendable {
  /// The type of the whole array.
  static var postgresArrayType: PostgresType { get }
  /// The whole array as the server reads it.
  static func postgresParameter(of array: [Self]) -> Parameter
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
  /// The type of the whole array.
  public static var postgresType: PostgresType { Element.postgresArrayType }
  /// The array as the server reads it.
  public var postgresParameter: Parameter { Element.postgresParameter(of: self) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
  /// The type of the value.
  public static var postgresType: PostgresType { Wrapped.postgresType }
  /// The value, or NULL.
  public var postgresParameter: Parameter {
    switch self {
    case .some(let value): value.postgresParameter
    case .none where Wrapped.postgresType == .inferred: Parameter(text: nil)
    case .none: Parameter(binary: nil, as: Wrapped.postgresType)
    }
  }
}

extension Parameter: PostgresEncodable {
  /// A ready parameter says its own type.
  public static var postgresType: PostgresType { .inferred }
  /// The parameter itself.
  public var postgresParameter: Parameter { self }
}

/// A statement with its parameters.
public struct Query: Sendable {
  /// The statement, with `$1`, `$2`, … where values go.
  public let sql: String
  /// The values, in order.
  public let parameters: [any PostgresEncodable]

  /// A statement with its parameters.
  public init(_ sql: String, _ parameters: [any PostgresEncodable] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}

/// A value that the server sent in binary form, not NULL; lives only as long as the call it is given to.
public struct PostgresValue {
  /// The type that the server says.
  public let type: PostgresType
  /// The bytes of the value, valid during the call only.
  public let bytes: UnsafeRawBufferPointer

  /// The error for a value that cannot be read as `target`, with advice for the usual reasons.
  public func mismatch(_ target: Any.Type, because reason: String? = nil) -> PostgresError {
    let message = "a \(type) cannot be read as \(target)" + (reason.map { ": " + $0 } ?? "")
    return PostgresError(.decoding, message, hint: reason == nil ? hint : nil)
  }

  private var hint: String? {
    switch type {
    case .numeric: "cast it in the statement: column::float8, ::bigint or ::text"
    case PostgresType(rawValue: 1114): "cast it in the statement: column at time zone 'UTC'"
    case .float4, .float8, .int2, .int4, .int8, .bool, .text, .bytea, .uuid, .jsonb, .timestamptz:
      nil
    default: "cast it in the statement, for example column::text"
    }
  }

  /// The value as a big-endian integer; traps unless the size is right, which the caller has checked.
  func integer<I: FixedWidthInteger>(_: I.Type = I.self, at offset: Int = 0) -> I {
    I(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: I.self))
  }

  /// The value as an integer of exactly this size.
  func wholeInteger<I: FixedWidthInteger>(_: I.Type = I.self, for target: Any.Type) throws -> I {
    guard bytes.count == MemoryLayout<I>.size else {
      throw mismatch(target, because: "it has \(bytes.count) bytes")
    }
    return integer()
  }
}

/// A value that can be read from a column.
public protocol PostgresDecodable {
  /// Reads a value that is not NULL; throws ``PostgresValue/mismatch(_:because:)`` for a wrong type.
  init(postgres value: PostgresValue) throws
  /// What NULL is read as; throws for a type that has no place for it.
  static func postgresNull() throws -> Self
}

extension PostgresDecodable {
  /// NULL is an error unless the reader asks for an Optional.
  public static func postgresNull() throws -> Self {
    throw PostgresError(
      .decoding, "NULL cannot be read as \(Self.self)", hint: "read it as \(Self.self)?")
  }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
  /// Reads a value that is not NULL.
  public init(postgres value: PostgresValue) throws { self = try Wrapped(postgres: value) }
  /// NULL is nil.
  public static func postgresNull() throws -> Wrapped? { nil }
}

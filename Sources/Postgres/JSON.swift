import FoundationEssentials

/// A JSON text, bound as `jsonb` and read from `json` or `jsonb`.
public struct JSON: PostgresScalar, PostgresDecodable, Hashable {
  /// The JSON text.
  public var text: String

  /// A JSON text as it is; the server refuses one that is not JSON.
  public init(text: String) { self.text = text }

  /// A value as JSON, with sorted keys.
  public init(encoding value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    text = String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The value that the text describes.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  /// `jsonb`
  public static var postgresType: PostgresType { .jsonb }
  /// The text as `jsonb`.
  public var postgresParameter: Parameter {
    // The binary form of jsonb is a version byte and then the text.
    Parameter(binary: [1] + Array(text.utf8), as: .jsonb)
  }

  /// Reads `json` or `jsonb`.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .jsonb || value.type == .json else { throw value.mismatch(JSON.self) }
    text = try String(postgres: value)
  }
}

internal import FoundationEssentials

/// JSON whose bytes depend on nothing but the value: keys sorted, written in snake case.
public enum CanonicalJSON {
  /// The canonical bytes of a value.
  public static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    do {
      return Array(try encoder.encode(value))
    } catch {
      // Only a number that JSON cannot hold gets here, and plans refuse those.
      preconditionFailure("a value that JSON cannot hold: \(error)")
    }
  }

  /// The value that JSON holds, with keys in snake case.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: some Collection<UInt8>
  ) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(bytes))
  }
}

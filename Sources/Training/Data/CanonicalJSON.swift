internal import FoundationEssentials

/// JSON whose bytes depend on nothing but the value: keys sorted, written in snake case, and a string in place
/// of a number that is not finite, such as an objective that divides by an F1 of 0.
public enum CanonicalJSON {
  private static let names = (infinity: "Infinity", negative: "-Infinity", nan: "NaN")

  /// The canonical bytes of a value.
  public static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: names.infinity, negativeInfinity: names.negative, nan: names.nan)
    do {
      return Array(try encoder.encode(value))
    } catch {
      // No value of this program gets here: none has an encoding of its own that throws.
      preconditionFailure("a value that JSON cannot hold: \(error)")
    }
  }

  /// The value that JSON holds, with keys in snake case.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: some Collection<UInt8>
  ) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: names.infinity, negativeInfinity: names.negative, nan: names.nan)
    return try decoder.decode(type, from: Data(bytes))
  }
}

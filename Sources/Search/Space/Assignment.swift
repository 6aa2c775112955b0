/// A value for each parameter of a space: one point of it, in the order of the paths.
public struct Assignment: Hashable, Sendable {
  /// A parameter and its value.
  public struct Entry: Hashable, Sendable {
    /// The path of the parameter.
    public let path: String
    /// Its value.
    public let value: Value
  }

  /// The values, in the order of their paths.
  public let entries: [Entry]

  /// An assignment of values to paths.
  public init(_ values: [String: Value] = [:]) {
    entries = values.map(Entry.init).sorted { $0.path < $1.path }
  }

  /// The values of a space's parameters, in their order; nil for one that is not there.
  init(_ space: Space, values: [Value?]) {
    entries = zip(space.parameters, values).compactMap { parameter, value in
      value.map { Entry(path: parameter.path, value: $0) }
    }
  }

  /// Reads what ``json`` wrote, in any order of the keys.
  public init(json: String) throws(JSONError) {
    guard case .map(let values) = try Value(json: json) else {
      throw JSONError(message: "an object expected", offset: 0)
    }
    self.init(values)
  }

  /// The value of a parameter, if it has one here.
  public subscript(_ path: String) -> Value? {
    entries.first { $0.path == path }?.value
  }

  /// Canonical JSON text, `{"model.cell":"lstm","model.hidden":64}`: equal assignments have equal
  /// texts.
  public var json: String {
    Value.map(Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0.value) })).json
  }

  /// A number that tells assignments apart (FNV-1a of ``json``), the same in every process and
  /// version; unlike `hashValue` it may be stored.
  public var fingerprint: UInt64 {
    json.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

extension Assignment: RandomAccessCollection {
  /// Where the first value stands.
  public var startIndex: Int { entries.startIndex }
  /// Behind the last value.
  public var endIndex: Int { entries.endIndex }
  /// The parameter and value at a place in the order of the paths.
  public subscript(position: Int) -> Entry { entries[position] }
}

extension Assignment: CustomStringConvertible {
  /// `model.cell lstm, model.hidden 64`.
  public var description: String {
    entries.map { "\($0.path) \($0.value)" }.joined(separator: ", ")
  }
}

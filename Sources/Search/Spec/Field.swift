/// A key that a specification may have: where it stands, what it takes and what it means.
///
/// Search knows no model and no data set. Whoever does describes their settings with these, and gets
/// checked values, error messages and the schema for editors.
public struct Field: Hashable, Sendable {
  /// What a field takes.
  public indirect enum Kind: Hashable, Sendable {
    /// A whole number from the first to the last of a range.
    case integer(ClosedRange<Int>)
    /// A number, whole or not.
    case number(NumberRange)
    /// True or false.
    case boolean
    /// One of these names.
    case oneOf([String])
    /// A text of at least one character, on one line.
    case text
    /// A value of either kind.
    case either(Kind, Kind)
    /// A list of so many values of a kind.
    case list(Kind, count: ClosedRange<Int>)
    /// Names of any kind with values of any kind, which nobody checks here.
    case map
  }

  /// The keys from the top down, joined by points: `training.schedule.kind`.
  public let path: String
  /// What it takes.
  public let kind: Kind
  /// What it means, in one line.
  public let summary: String
  /// Its value where a specification says nothing; nothing at all if this is nil.
  public let defaultValue: Value?
  /// Whether a specification must say it.
  public let isRequired: Bool
  /// Whether a distribution may stand in place of a value.
  public let isSearchable: Bool
  /// Other last keys that mean the same, such as `learning_rate` for `rate`.
  public let aliases: [String]

  /// Describes a key.
  ///
  /// - Parameters:
  ///   - path: The keys from the top down, joined by points.
  ///   - kind: What it takes.
  ///   - summary: What it means, in one line.
  ///   - defaultValue: Its value where a specification says nothing. Without one the field may be
  ///     left out or be null, and then has no value.
  ///   - isRequired: Whether a specification must say it.
  ///   - isSearchable: Whether a distribution may stand in place of a value.
  ///   - aliases: Other last keys that mean the same.
  /// - Precondition: The default is of the kind; a required field has none.
  public init(
    _ path: String, _ kind: Kind, _ summary: String, default defaultValue: Value? = nil,
    isRequired: Bool = false, isSearchable: Bool = false, aliases: [String] = []
  ) {
    self.path = path
    self.kind = kind
    self.summary = summary
    self.isRequired = isRequired
    self.isSearchable = isSearchable
    self.aliases = aliases
    precondition(!(isRequired && defaultValue != nil), "\(path) is required and has a default")
    self.defaultValue = defaultValue.map { value in
      guard let checked = kind.checked(value) else {
        preconditionFailure("the default of \(path) is \(value), not \(kind.allowed)")
      }
      return checked
    }
  }

  /// Whether it may be null, and then has no value.
  public var isOptional: Bool { defaultValue == nil && !isRequired }

  /// The last of the keys.
  public var key: String { SpecSchema.lastKey(of: path) }
}

extension Field.Kind {
  /// What is taken, for an error message.
  public var allowed: String {
    switch self {
    case .integer(let range) where range.upperBound == .max && range.lowerBound == .min:
      "an integer"
    case .integer(let range) where range.upperBound == .max:
      "an integer from \(range.lowerBound) up"
    case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): range.description
    case .boolean: "true or false"
    case .oneOf(let names): names.joined(separator: ", ")
    case .text: "text"
    case .list(let kind, let count):
      count.lowerBound == count.upperBound
        ? "a list of \(count.lowerBound), each \(kind.allowed)"
        : "a list of \(count.lowerBound) to \(count.upperBound), each \(kind.allowed)"
    case .either(let first, let second): "\(first.allowed), or \(second.allowed)"
    case .map: "a mapping"
    }
  }

  /// The value as this kind keeps it (32.0 as the integer 32, 1 as the number 1.0), or nil.
  public func checked(_ value: Value) -> Value? {
    switch self {
    case .integer(let range):
      return value.integer.flatMap { range.contains($0) ? .integer($0) : nil }
    case .number(let range):
      return value.number.flatMap { range.contains($0) ? .number($0) : nil }
    case .boolean:
      return value.boolean.map(Value.boolean)
    case .oneOf(let names):
      return value.string.flatMap { names.contains($0) ? value : nil }
    case .text:
      guard let text = value.string, !text.isEmpty else { return nil }
      let breaks: [UInt32] = [0x2028, 0x2029]
      let isLine = text.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && !breaks.contains($0.value)
      }
      return isLine ? value : nil
    case .list(let kind, let count):
      guard let values = value.list, count.contains(values.count) else { return nil }
      let checked = values.compactMap(kind.checked)
      return checked.count == values.count ? .list(checked) : nil
    case .either(let first, let second):
      return first.checked(value) ?? second.checked(value)
    case .map:
      return value.map == nil ? nil : value
    }
  }
}

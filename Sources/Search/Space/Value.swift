/// A value of a specification or of an assignment: what JSON can hold, with integers kept apart from
/// other numbers.
///
/// `.integer(1)` and `.number(1)` are different values, and their JSON texts (`1` and `1.0`) stay
/// different through PostgreSQL's jsonb, which keeps the scale of a number.
public enum Value: Hashable, Sendable {
  /// Nothing: a parameter that is not set.
  case null
  /// True or false.
  case boolean(Bool)
  /// A whole number.
  case integer(Int)
  /// A finite number with a fraction or an exponent.
  case number(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case list([Value])
  /// Values by name.
  case map([String: Value])

  /// The whole number, if this is one: also a number without a fraction, such as 1e3.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number, if this is one, whole or not.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// True or false, if this is either.
  public var boolean: Bool? {
    if case .boolean(let value) = self { value } else { nil }
  }

  /// The text, if this is text.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The values in order, if this is a list.
  public var list: [Value]? {
    if case .list(let values) = self { values } else { nil }
  }

  /// The values by name, if this is a map.
  public var map: [String: Value]? {
    if case .map(let values) = self { values } else { nil }
  }
}

extension Value: CustomStringConvertible {
  /// The value as a person would write it: text without quotes, numbers as short as they can be.
  public var description: String {
    switch self {
    case .string(let text): text
    case .number(let number): Self.short(number)
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    default: json
    }
  }

  /// `0.0001` as `1e-4`, `32.0` as `32`; a number below the bound has an exponent.
  static func short(_ number: Double, exponentBelow bound: Double = 0.001) -> String {
    guard number.isFinite else { return "\(number)" }
    if let whole = Int(exactly: number), whole.magnitude < 1_000_000 { return "\(whole)" }
    var text = "\(number)"
    if number.magnitude < bound, !text.contains("e") {
      // Swift writes 0.0001 in full and changes to exponents below it: people read 1e-4 faster.
      let digits = text.drop { "-0.".contains($0) }
      let zeros = text.drop { $0 == "-" }.dropFirst(2).prefix { $0 == "0" }.count
      let fraction = digits.dropFirst()
      let mantissa = digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction)
      text = (number < 0 ? "-" : "") + mantissa + "e-\(zeros + 1)"
    }
    if text.hasSuffix(".0") { text.removeLast(2) }
    return text.replacing("e-0", with: "e-")
  }
}

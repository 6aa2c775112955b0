/// The numbers that a field takes: two bounds, each of which belongs to the range or not.
public struct NumberRange: Hashable, Sendable, CustomStringConvertible {
  /// The lower bound, if there is one.
  public let low: Double?
  /// The upper bound, if there is one.
  public let high: Double?
  /// Whether the lower bound itself is not taken.
  public let excludesLow: Bool
  /// Whether the upper bound itself is not taken.
  public let excludesHigh: Bool

  private init(low: Double?, high: Double?, excludesLow: Bool = false, excludesHigh: Bool = false) {
    if let low, let high { precondition(low < high, "no number from \(low) to \(high)") }
    self.low = low
    self.high = high
    self.excludesLow = excludesLow
    self.excludesHigh = excludesHigh
  }

  /// Any finite number.
  public static let any = NumberRange(low: nil, high: nil)

  /// The numbers above a bound.
  public static func above(_ low: Double) -> NumberRange {
    NumberRange(low: low, high: nil, excludesLow: true)
  }

  /// The numbers above a bound and up to another, which is taken.
  public static func above(_ low: Double, through high: Double) -> NumberRange {
    NumberRange(low: low, high: high, excludesLow: true)
  }

  /// The numbers between two bounds, neither of which is taken.
  public static func above(_ low: Double, below high: Double) -> NumberRange {
    NumberRange(low: low, high: high, excludesLow: true, excludesHigh: true)
  }

  /// A bound and the numbers above it.
  public static func from(_ low: Double) -> NumberRange {
    NumberRange(low: low, high: nil)
  }

  /// The numbers from a bound to another, both taken.
  public static func from(_ low: Double, through high: Double) -> NumberRange {
    NumberRange(low: low, high: high)
  }

  /// The numbers from a bound, which is taken, to another, which is not.
  public static func from(_ low: Double, below high: Double) -> NumberRange {
    NumberRange(low: low, high: high, excludesHigh: true)
  }

  /// Whether a number is in the range.
  public func contains(_ number: Double) -> Bool {
    guard number.isFinite else { return false }
    if let low, number < low || (excludesLow && number == low) { return false }
    if let high, number > high || (excludesHigh && number == high) { return false }
    return true
  }

  /// `a number above 0`.
  public var description: String {
    let lower = low.map { (excludesLow ? "above " : "from ") + Value.short($0) }
    let upper = high.map { (excludesHigh ? "below " : "to ") + Value.short($0) }
    return switch (lower, upper) {
    case (nil, nil): "a number"
    case (let lower?, nil): excludesLow ? "a number \(lower)" : "a number \(lower) up"
    case (nil, let upper?): excludesHigh ? "a number \(upper)" : "a number up \(upper)"
    case (let lower?, let upper?):
      excludesLow || excludesHigh
        ? "a number \(lower) and \(excludesHigh ? "" : "up ")\(upper)"
        : "a number \(lower) \(upper)"
    }
  }
}

public import Philox

/// What may be drawn for a parameter.
///
/// The cases hold what is drawn, not how it was written: `int` and `step` of whole numbers are both
/// `.integers`. A range of integers includes both ends; of other numbers, the upper one is never
/// drawn.
public enum Distribution: Hashable, Sendable {
  /// One of some values, each as likely as the others.
  case choice([Value])
  /// A number from `low` up to, but not including, `high`.
  case uniform(low: Double, high: Double)
  /// A number from `low` up to, but not including, `high`, whose logarithm is uniform.
  case logUniform(low: Double, high: Double)
  /// `low`, `low + step`, … up to `high`, each as likely as the others.
  case integers(low: Int, high: Int, step: Int)
  /// A whole number from `low` to `high` whose logarithm is about uniform.
  case logIntegers(low: Int, high: Int)
  /// `low`, `low + step`, … up to `high`, each as likely as the others.
  case steps(low: Double, high: Double, step: Double)

  /// How many values there are, or nil if they cannot be counted through.
  public var count: Int? {
    switch self {
    case .choice(let values): values.count
    case .integers(let low, let high, let step): (high - low) / step + 1
    case .steps(let low, let high, let step): Self.count(low: low, high: high, step: step)
    case .uniform, .logUniform, .logIntegers: nil
    }
  }

  /// The value of this number, counted from 0.
  ///
  /// - Precondition: The values can be counted through and there are more than `index`.
  public func value(at index: Int) -> Value {
    precondition(index >= 0 && index < count ?? 0, "there is no value \(index)")
    switch self {
    case .choice(let values): return values[index]
    case .integers(let low, _, let step): return .integer(low + index * step)
    case .steps(let low, let high, let step):
      return .number(min(high, Self.step(low: low, step: step, index: index)))
    case .uniform, .logUniform, .logIntegers: preconditionFailure("no values to count")
    }
  }

  /// Whether a value can be drawn.
  public func contains(_ value: Value) -> Bool {
    switch self {
    case .choice(let values): return values.contains(value)
    case .uniform(let low, let high), .logUniform(let low, let high):
      guard case .number(let number) = value else { return false }
      return low <= number && number < high
    case .logIntegers(let low, let high):
      guard case .integer(let integer) = value else { return false }
      return low <= integer && integer <= high
    case .integers(let low, let high, let step):
      guard case .integer(let integer) = value, low <= integer, integer <= high else {
        return false
      }
      return (integer - low) % step == 0
    case .steps(let low, _, let step):
      guard case .number(let number) = value, let count else { return false }
      let index = ((number - low) / step).rounded()
      return index >= 0 && index < Double(count) && self.value(at: Int(index)) == value
    }
  }

  /// Draws a value.
  public func sample(_ random: inout RandomSequence) -> Value {
    switch self {
    case .choice, .integers, .steps:
      return value(at: random.index(below: count ?? 0))
    case .uniform(let low, let high):
      return .number(Self.within(low, high, low + (high - low) * random.uniform()))
    case .logUniform(let low, let high):
      let first = Exponential.log(low)
      let exponent = first + (Exponential.log(high) - first) * random.uniform()
      return .number(Self.within(low, high, Exponential.exp(exponent)))
    case .logIntegers(let low, let high):
      // Half a unit more at both ends gives the ends their whole share once rounded.
      let first = Exponential.log(Double(low) - 0.5)
      let exponent = first + (Exponential.log(Double(high) + 0.5) - first) * random.uniform()
      let rounded = Exponential.exp(exponent).rounded()
      return .integer(rounded >= Double(high) ? high : max(low, Int(rounded)))
    }
  }

  /// Keeps what rounding moved to the upper bound, or below the lower one, inside.
  private static func within(_ low: Double, _ high: Double, _ number: Double) -> Double {
    max(low, min(number, high.nextDown))
  }
}

// MARK: - Steps of numbers with a fraction

extension Distribution {
  /// How many steps there are from `low` to `high`; nil if there are too many to count.
  static func count(low: Double, high: Double, step: Double) -> Int? {
    let steps = (high - low) / step
    guard steps < 0x1p53 else { return nil }
    // 0.1, 0.2, 0.3 are three: (0.3 − 0.1) / 0.1 is a little less than 2 in binary.
    let whole = Int((steps + 1e-9 * max(1, steps)).rounded(.down))
    return whole + 1
  }

  /// `low + index · step` as it would be on paper: 0.1 + 2 · 0.1 is 0.3, not 0.30000000000000004.
  static func step(low: Double, step: Double, index: Int) -> Double {
    var scale = 1.0
    for _ in 0...15 {
      let first = (low * scale).rounded()
      let width = (step * scale).rounded()
      let last = first + width * Double(index)
      guard max(abs(first), abs(last)) < 0x1p53 else { break }
      if first / scale == low && width / scale == step { return last / scale }
      scale *= 10
    }
    return low + step * Double(index)
  }
}

// MARK: - Text

extension Distribution {
  /// The names that stand for distributions in a specification.
  public static let keywords = ["choice", "uniform", "log_uniform", "int", "int_log", "step"]

  /// The distribution as a specification says it.
  public var value: Value {
    switch self {
    case .choice(let values): .map(["choice": .list(values)])
    case .uniform(let low, let high): .map(["uniform": .list([.number(low), .number(high)])])
    case .logUniform(let low, let high):
      .map(["log_uniform": .list([.number(low), .number(high)])])
    case .integers(let low, let high, 1): .map(["int": .list([.integer(low), .integer(high)])])
    case .integers(let low, let high, let step):
      .map(["step": .list([.integer(low), .integer(high), .integer(step)])])
    case .logIntegers(let low, let high):
      .map(["int_log": .list([.integer(low), .integer(high)])])
    case .steps(let low, let high, let step):
      .map(["step": .list([.number(low), .number(high), .number(step)])])
    }
  }
}

extension Distribution: CustomStringConvertible {
  /// `{rnn, lstm}`, `log 1e-4…1e-2`, `16…64 by 16`.
  public var description: String {
    func range(_ low: Value, _ high: Value) -> String { "\(low)…\(high)" }
    switch self {
    case .choice(let values): return "{" + values.map(\.description).joined(separator: ", ") + "}"
    case .uniform(let low, let high): return range(.number(low), .number(high))
    case .logUniform(let low, let high):
      return "log " + Value.short(low, exponentBelow: 0.1) + "…"
        + Value.short(high, exponentBelow: 0.1)
    case .integers(let low, let high, 1): return "int " + range(.integer(low), .integer(high))
    case .integers(let low, let high, let step):
      return range(.integer(low), .integer(high)) + " by \(step)"
    case .logIntegers(let low, let high): return "int log " + range(.integer(low), .integer(high))
    case .steps(let low, let high, let step):
      return range(.number(low), .number(high)) + " by \(Value.number(step))"
    }
  }
}

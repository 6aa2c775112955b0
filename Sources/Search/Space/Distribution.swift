public import Philox

/// What may be drawn for a parameter.
///
/// The cases hold what is drawn, not how it was written: `int` and `step` of whole numbers are both
/// `.integers`. A range of integers or of steps includes both ends; of other numbers, the upper one
/// is never drawn.
public enum Distribution: Hashable, Sendable {
  /// One of some values, each as likely as the others.
  case choice([Value])
  /// One of some values that have an order, each as likely as the others.
  case ordinal([Value])
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
  /// A multiple of `step` from `low` to `high`, which are multiples, whose logarithm is about uniform.
  case logSteps(low: Double, high: Double, step: Double)
  /// A number with a normal distribution, or whose logarithm has one, cut to `low` up to `high`; with
  /// a step, the nearest multiple of it, and the bounds are multiples that may be drawn.
  case normal(
    mean: Double, deviation: Double, low: Double, high: Double, isLogarithmic: Bool, step: Double?)

  /// How many values there are, or nil if they cannot be counted through, each as likely as the
  /// others.
  public var count: Int? {
    switch self {
    case .choice(let values), .ordinal(let values): values.count
    case .integers(let low, let high, let step): (high - low) / step + 1
    case .steps(let low, let high, let step): Self.count(low: low, high: high, step: step)
    case .uniform, .logUniform, .logIntegers, .logSteps, .normal: nil
    }
  }

  /// The value of this number, counted from 0.
  ///
  /// - Precondition: The values can be counted through and there are more than `index`.
  public func value(at index: Int) -> Value {
    precondition(index >= 0 && index < count ?? 0, "there is no value \(index)")
    switch self {
    case .choice(let values), .ordinal(let values): return values[index]
    case .integers(let low, _, let step): return .integer(low + index * step)
    case .steps(let low, let high, let step):
      return .number(min(high, Self.step(low: low, step: step, index: index)))
    case .uniform, .logUniform, .logIntegers, .logSteps, .normal:
      preconditionFailure("no values to count")
    }
  }

  /// The number of a value, counted from 0; nil if it cannot be drawn or values cannot be counted
  /// through.
  public func index(of value: Value) -> Int? {
    switch self {
    case .choice(let values), .ordinal(let values): return values.firstIndex(of: value)
    case .integers(let low, let high, let step):
      guard case .integer(let integer) = value, low <= integer, integer <= high,
        (integer - low) % step == 0
      else { return nil }
      return (integer - low) / step
    case .steps(let low, _, let step):
      guard case .number(let number) = value, let count else { return nil }
      let index = ((number - low) / step).rounded()
      guard index >= 0, index < Double(count), self.value(at: Int(index)) == value else {
        return nil
      }
      return Int(index)
    case .uniform, .logUniform, .logIntegers, .logSteps, .normal: return nil
    }
  }

  /// Whether a value can be drawn.
  public func contains(_ value: Value) -> Bool {
    switch self {
    case .choice, .ordinal, .integers, .steps: return index(of: value) != nil
    case .uniform(let low, let high), .logUniform(let low, let high),
      .normal(_, _, let low, let high, _, nil):
      guard case .number(let number) = value else { return false }
      return low <= number && number < high
    case .logIntegers(let low, let high):
      guard case .integer(let integer) = value else { return false }
      return low <= integer && integer <= high
    case .logSteps(let low, let high, let step), .normal(_, _, let low, let high, _, let step?):
      guard case .number(let number) = value, low <= number, number <= high else { return false }
      return number == Self.multiple((number / step).rounded(), of: step)
    }
  }

  /// Draws a value.
  public func sample(_ random: inout RandomSequence) -> Value {
    guard let count else { return quantile(random.uniform()) }
    return value(at: random.index(below: count))
  }

  /// The value below which a share of all draws lies: it rises with the share.
  ///
  /// - Parameter share: From 0 up to, but not including, 1.
  /// - Returns: A value that can be drawn.
  public func quantile(_ share: Double) -> Value {
    precondition(share >= 0 && share < 1, "\(share) is no share below 1")
    switch self {
    case .choice, .ordinal, .integers, .steps:
      let count = count ?? 1
      return value(at: min(count - 1, Int(Double(count) * share)))
    case .uniform(let low, let high):
      return .number(Self.within(low, high, low + (high - low) * share))
    case .logUniform(let low, let high):
      return .number(Self.within(low, high, Self.power(share, from: low, to: high)))
    case .logIntegers(let low, let high):
      // Half a unit more at both ends gives the ends their whole share once rounded.
      let rounded = Self.power(share, from: Double(low) - 0.5, to: Double(high) + 0.5).rounded()
      return .integer(rounded >= Double(high) ? high : max(low, Int(rounded)))
    case .logSteps(let low, let high, let step):
      let number = Self.power(share, from: low - step / 2, to: high + step / 2)
      return .number(Self.multiple(nearest: number, of: step, from: low, to: high))
    case .normal(let mean, let deviation, let low, let high, let isLogarithmic, let step):
      let margin = (step ?? 0) / 2
      let bounds = [low - margin, high + margin].map { bound in
        ((isLogarithmic ? Exponential.log(bound) : bound) - mean) / deviation
      }
      let drawn = mean + deviation * Normal.quantile(share, from: bounds[0], to: bounds[1])
      let number = isLogarithmic ? Exponential.exp(drawn) : drawn
      guard let step else { return .number(Self.within(low, high, number)) }
      return .number(Self.multiple(nearest: number, of: step, from: low, to: high))
    }
  }

  /// The number whose logarithm lies at a share of the way from one to another.
  private static func power(_ share: Double, from low: Double, to high: Double) -> Double {
    let first = Exponential.log(low)
    return Exponential.exp(first + (Exponential.log(high) - first) * share)
  }

  /// Keeps what rounding moved to the upper bound, or below the lower one, inside.
  private static func within(_ low: Double, _ high: Double, _ number: Double) -> Double {
    max(low, min(number, high.nextDown))
  }
}

// MARK: - What samplers ask

extension Distribution {
  /// The least and the greatest number that can be drawn, or come near; nil for choices.
  public var bounds: (low: Double, high: Double)? {
    switch self {
    case .choice, .ordinal: nil
    case .uniform(let low, let high), .logUniform(let low, let high),
      .logSteps(let low, let high, _), .normal(_, _, let low, let high, _, _):
      (low, high)
    case .integers(let low, let high, let step):
      (Double(low), Double(low + (high - low) / step * step))
    case .logIntegers(let low, let high): (Double(low), Double(high))
    case .steps(let low, let high, _):
      (low, count.flatMap { value(at: $0 - 1).number } ?? high)
    }
  }

  /// Whether it is the ratio of two numbers that counts, and not their difference.
  public var isLogarithmic: Bool {
    switch self {
    case .logUniform, .logIntegers, .logSteps: true
    case .normal(_, _, _, _, let isLogarithmic, _): isLogarithmic
    case .choice, .ordinal, .uniform, .integers, .steps: false
    }
  }

  /// How far apart the numbers are that can be drawn; nil for choices and where all numbers can be.
  public var step: Double? {
    switch self {
    case .integers(_, _, let step): Double(step)
    case .logIntegers: 1
    case .steps(_, _, let step), .logSteps(_, _, let step): step
    case .normal(_, _, _, _, _, let step): step
    case .choice, .ordinal, .uniform, .logUniform: nil
    }
  }

  /// Whether values are `.integer` rather than `.number`; false for choices.
  public var isWhole: Bool {
    switch self {
    case .integers, .logIntegers: true
    default: false
    }
  }

  /// The values of a choice or of an ordinal, in their order; nil for numbers.
  public var values: [Value]? {
    switch self {
    case .choice(let values), .ordinal(let values): values
    default: nil
    }
  }
}

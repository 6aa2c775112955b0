/// A parameter as a line of numbers, for samplers that learn: where its values lie and how far apart.
///
/// The numbers of a choice are the places of its values, which have no order. Those of other
/// distributions are the values, or their logarithms, and lie so that equal lengths are equally
/// likely to be drawn. A value out of a counted set stands for a cell around it.
struct Axis: Hashable, Sendable {
  /// What the values of a parameter are.
  enum Kind: Hashable {
    /// So many values without order.
    case choices(Int)
    /// So many values at equal distances, from `first` on.
    case counted(Int, first: Double, step: Double)
    /// The whole numbers from `first` to `last`.
    case whole(first: Int, last: Int)
    /// The multiples of `step` from `first` to `last`.
    case multiples(first: Double, last: Double, step: Double)
    /// The numbers from `first` up to, but not including, `last`.
    case real(first: Double, last: Double)
  }

  /// What may be drawn.
  let distribution: Distribution
  /// What the values are.
  let kind: Kind
  /// Whether the numbers are logarithms of the values.
  let isLogarithmic: Bool
  /// Where the line begins: half a step before the first of values that are counted.
  let low: Double
  /// Where the line ends.
  let high: Double

  /// The line of a distribution's values.
  init(_ distribution: Distribution) {
    switch distribution {
    case .choice(let values):
      self.init(distribution, .choices(values.count))
    case .ordinal(let values):
      self.init(distribution, .counted(values.count, first: 0, step: 1))
    case .uniform(let low, let high):
      self.init(distribution, .real(first: low, last: high))
    case .logUniform(let low, let high):
      self.init(distribution, .real(first: low, last: high), isLogarithmic: true)
    case .integers(let low, _, let step):
      let count = distribution.count ?? 1
      self.init(distribution, .counted(count, first: Double(low), step: Double(step)))
    case .logIntegers(let low, let high):
      self.init(distribution, .whole(first: low, last: high), isLogarithmic: true)
    case .steps(let low, _, let step):
      self.init(distribution, .counted(distribution.count ?? 1, first: low, step: step))
    case .logSteps(let low, let high, let step):
      self.init(
        distribution, .multiples(first: low, last: high, step: step), isLogarithmic: true)
    case .normal(_, _, let low, let high, let isLogarithmic, let step):
      // A sampler that learns finds out by itself where values are good.
      self.init(
        distribution,
        step.map { .multiples(first: low, last: high, step: $0) } ?? .real(first: low, last: high),
        isLogarithmic: isLogarithmic)
    }
  }

  private init(_ distribution: Distribution, _ kind: Kind, isLogarithmic: Bool = false) {
    self.distribution = distribution
    self.kind = kind
    self.isLogarithmic = isLogarithmic
    let ends: (Double, Double) =
      switch kind {
      case .choices(let count): (-0.5, Double(count) - 0.5)
      case .counted(let count, let first, let step):
        (first - step / 2, first + (Double(count) - 0.5) * step)
      case .whole(let first, let last): (Double(first) - 0.5, Double(last) + 0.5)
      case .multiples(let first, let last, let step): (first - step / 2, last + step / 2)
      case .real(let first, let last): (first, last)
      }
    low = isLogarithmic ? Exponential.log(ends.0) : ends.0
    high = isLogarithmic ? Exponential.log(ends.1) : ends.1
  }

  /// The length of the line.
  var length: Double { high - low }

  /// Whether the values have no order.
  var isChoice: Bool { if case .choices = kind { true } else { false } }

  /// Whether a value stands for a cell around it.
  var isCounted: Bool { if case .real = kind { false } else { true } }
}

// MARK: - Between values and numbers

extension Axis {
  /// The number of a value; nil if it is of another kind. A value beyond an end, from a sweep whose
  /// range was another, counts as the end.
  func number(of value: Value) -> Double? {
    if let values = distribution.values { return values.firstIndex(of: value).map(Double.init) }
    guard let number = value.number, number.isFinite else { return nil }
    guard isLogarithmic else { return max(low, min(number, high)) }
    return number > 0 ? max(low, min(Exponential.log(number), high)) : low
  }

  /// The value whose cell a number lies in.
  func value(at number: Double) -> Value {
    switch kind {
    case .choices(let count): distribution.value(at: place(number, first: 0, step: 1, count))
    case .counted(let count, let first, let step):
      distribution.value(at: place(number, first: first, step: step, count))
    case .whole(let first, let last):
      .integer(Int(max(Double(first), min(plain(number).rounded(), Double(last)))))
    case .multiples(let first, let last, let step):
      .number(Distribution.multiple(nearest: plain(number), of: step, from: first, to: last))
    case .real(let first, let last):
      .number(max(first, min(plain(number), last.nextDown)))
    }
  }

  /// The number of the value whose cell a number lies in.
  func snapped(_ number: Double) -> Double {
    switch kind {
    case .choices(let count): return Double(place(number, first: 0, step: 1, count))
    case .counted(let count, let first, let step):
      return first + Double(place(number, first: first, step: step, count)) * step
    case .whole(let first, let last):
      let whole = max(Double(first), min(plain(number).rounded(), Double(last)))
      return isLogarithmic ? Exponential.log(whole) : whole
    case .multiples(let first, let last, let step):
      let multiple = Distribution.multiple(
        nearest: plain(number), of: step, from: first, to: last)
      return isLogarithmic ? Exponential.log(multiple) : multiple
    case .real: return number
    }
  }

  /// The cell of a value by its number; a single point if the values are not counted.
  func cell(around number: Double) -> (left: Double, right: Double) {
    switch kind {
    case .choices: return (number - 0.5, number + 0.5)
    case .counted(_, _, let step): return (number - step / 2, number + step / 2)
    case .whole:
      guard isLogarithmic else { return (number - 0.5, number + 0.5) }
      let whole = Exponential.exp(number).rounded()
      return (Exponential.log(whole - 0.5), Exponential.log(whole + 0.5))
    case .multiples(_, _, let step):
      guard isLogarithmic else { return (number - step / 2, number + step / 2) }
      let multiple = Exponential.exp(number)
      return (Exponential.log(multiple - step / 2), Exponential.log(multiple + step / 2))
    case .real: return (number, number)
    }
  }

  /// Which of the values that are counted a number stands for, from 0 on.
  ///
  /// - Precondition: The values are counted.
  func place(of number: Double) -> Int {
    switch kind {
    case .choices(let count): place(number, first: 0, step: 1, count)
    case .counted(let count, let first, let step): place(number, first: first, step: step, count)
    case .whole(let first, _): Int(plain(number).rounded()) - first
    case .multiples(let first, let last, let step):
      Int(
        (max(first, min(plain(number), last)) / step).rounded() - (first / step).rounded())
    case .real: preconditionFailure("the values are not counted")
    }
  }

  /// How many values there are; nil if they are not counted.
  var count: Int? {
    switch kind {
    case .choices(let count), .counted(let count, _, _): count
    case .whole(let first, let last): last - first + 1
    case .multiples(let first, let last, let step): Int(((last - first) / step).rounded()) + 1
    case .real: nil
    }
  }

  /// The value below which this share of all draws lies: the inverse of the cumulative distribution.
  ///
  /// - Parameter share: From 0 up to, but not including, 1.
  /// - Returns: The value.
  func value(atShare share: Double) -> Value { distribution.quantile(share) }

  private func plain(_ number: Double) -> Double {
    isLogarithmic ? Exponential.exp(number) : number
  }

  private func place(_ number: Double, first: Double, step: Double, _ count: Int) -> Int {
    Int(max(0, min(((number - first) / step).rounded(), Double(count - 1))))
  }
}

/// Where the values of a distribution lie as numbers: on the line from 0 to 1, on a logarithmic scale
/// where that is how they are drawn, or, for categories, as their number.
///
/// A whole number or a step owns a cell of the line and lies in it.
struct UnitAxis: Sendable {
  private enum Scale: Sendable {
    case categories([Value])
    case line(low: Double, high: Double)
    case logLine(low: Double, high: Double, first: Double, span: Double)
    case grid(count: Int)
    case logGrid(low: Int, high: Int, first: Double, span: Double)
  }

  private let distribution: Distribution
  private let scale: Scale

  /// The axis of a distribution: the one place that knows them all.
  init(_ distribution: Distribution) {
    self.distribution = distribution
    switch distribution {
    case .choice(let values): scale = .categories(values)
    case .uniform(let low, let high): scale = .line(low: low, high: high)
    case .logUniform(let low, let high):
      let first = Exponential.log(low)
      scale = .logLine(low: low, high: high, first: first, span: Exponential.log(high) - first)
    case .integers, .steps, .ordinal: scale = .grid(count: distribution.count ?? 1)
    case .logSteps(let low, let high, _), .normal(_, _, let low, let high, true, _):
      let first = Exponential.log(low)
      scale = .logLine(low: low, high: high, first: first, span: Exponential.log(high) - first)
    case .normal(_, _, let low, let high, false, _): scale = .line(low: low, high: high)
    case .logIntegers(let low, let high):
      let first = Exponential.log(Double(low) - 0.5)
      let last = Exponential.log(Double(high) + 0.5)
      scale = .logGrid(low: low, high: high, first: first, span: last - first)
    }
  }

  /// Whether values are only equal or not, without an order.
  var isCategory: Bool {
    if case .categories = scale { true } else { false }
  }

  /// How many values there are; nil on a line.
  var count: Int? {
    switch scale {
    case .categories(let values): values.count
    case .line, .logLine: nil
    case .grid(let count): count
    case .logGrid(let low, let high, _, _): high - low + 1
    }
  }

  /// The position of a value; nil if it cannot be drawn.
  func position(of value: Value) -> Double? {
    guard distribution.contains(value) else { return nil }
    switch scale {
    case .categories(let values): return values.firstIndex(of: value).map(Double.init)
    case .line(let low, let high): return value.number.map { ($0 - low) / (high - low) }
    case .logLine(_, _, let first, let span):
      return value.number.map { (Exponential.log($0) - first) / span }
    case .logGrid(let low, _, _, _): return value.integer.map { position(at: $0 - low) }
    case .grid: return distribution.index(of: value).map(position(at:))
    }
  }

  /// The value at a position, or of the cell that it lies in.
  func value(at position: Double) -> Value {
    switch scale {
    case .categories(let values): return values[index(at: position)]
    case .line(let low, let high):
      return number(low + (high - low) * position, from: low, to: high)
    case .logLine(let low, let high, let first, let span):
      return number(Exponential.exp(first + span * position), from: low, to: high)
    case .grid: return distribution.value(at: index(at: position))
    case .logGrid(let low, _, _, _): return .integer(low + index(at: position))
    }
  }

  private func number(_ number: Double, from low: Double, to high: Double) -> Value {
    guard let step = distribution.step else {
      return .number(max(low, min(number, high.nextDown)))
    }
    return .number(Distribution.multiple(nearest: number, of: step, from: low, to: high))
  }

  /// The number, from 0, of the value whose cell a position lies in; 0 on a line.
  func index(at position: Double) -> Int {
    switch scale {
    case .categories(let values): return min(max(Int(position), 0), values.count - 1)
    case .line, .logLine: return 0
    case .grid(let count):
      return Int(max(0, min(position * Double(count), Double(count - 1))))
    case .logGrid(let low, let high, let first, let span):
      let number = Exponential.exp(first + span * max(0, min(position, 1))).rounded()
      return number >= Double(high) ? high - low : max(low, Int(number)) - low
    }
  }

  /// The position of the value with a number; 0 on a line.
  func position(at index: Int) -> Double {
    switch scale {
    case .categories: return Double(index)
    case .line, .logLine: return 0
    case .grid(let count): return (Double(index) + 0.5) / Double(count)
    case .logGrid(let low, _, let first, let span):
      return (Exponential.log(Double(low + index)) - first) / span
    }
  }

  /// The position of the value that a uniform number from 0 to 1 draws.
  func position(uniform: Double) -> Double {
    switch scale {
    case .categories(let values): Double(index(at: uniform * Double(values.count)))
    case .line, .logLine: position(of: distribution.quantile(uniform)) ?? uniform
    case .grid, .logGrid: snapped(uniform)
    }
  }

  /// The position of the value at a position: that itself, kept from 0 to 1, on a line.
  func snapped(_ position: Double) -> Double {
    count == nil ? max(0, min(position, 1)) : self.position(at: index(at: position))
  }
}

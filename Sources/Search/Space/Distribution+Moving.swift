extension Distribution {
  /// The value that comes nearest to a multiple of another one: what is near to it, in the terms of
  /// population based training.
  ///
  /// What has steps moves by one at least; an ordinal moves to its neighbour, a choice stays.
  ///
  /// - Parameters:
  ///   - value: A value that can be drawn.
  ///   - factor: Above 1 for more, below 1 for less.
  /// - Returns: A value that can be drawn.
  func moved(_ value: Value, by factor: Double) -> Value {
    let direction = factor > 1 ? 1 : -1
    switch self {
    case .choice: return value
    case .ordinal(let values):
      guard let index = values.firstIndex(of: value) else { return value }
      return values[min(max(index + direction, 0), values.count - 1)]
    case .integers, .steps:
      guard let count, let index = index(of: value), let number = value.number, let step,
        let bounds
      else { return value }
      // A negative number rises when it is divided.
      let target = number >= 0 ? number * factor : number / factor
      let nearest = ((target - bounds.low) / step).rounded()
      let moved = nearest == Double(index) ? Double(index + direction) : nearest
      return self.value(at: Int(min(max(moved, 0), Double(count - 1))))
    case .logIntegers(let low, let high):
      guard let number = value.integer else { return value }
      let nearest = Int((Double(number) * factor).rounded())
      return .integer(min(max(nearest == number ? number + direction : nearest, low), high))
    case .uniform, .logUniform, .logSteps, .normal:
      guard let number = value.number, let bounds else { return value }
      let target = number >= 0 ? number * factor : number / factor
      guard let step else { return .number(min(max(target, bounds.low), bounds.high.nextDown)) }
      let multiple = (target / step).rounded()
      let moved = multiple == (number / step).rounded() ? multiple + Double(direction) : multiple
      return .number(
        Self.multiple(
          nearest: min(max(moved * step, bounds.low), bounds.high), of: step, from: bounds.low,
          to: bounds.high))
    }
  }
}

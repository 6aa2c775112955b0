/// A parameter as importance sees it: classes without an order, or a range of numbers.
///
/// This is the only place here that knows the distributions.
struct ImportanceAxis {
  enum Kind {
    /// One of these values, each as likely as the others.
    case classes([Value])
    /// A number; after its logarithm was taken, if it is logarithmic, the prior is uniform.
    case numbers(Scale)
  }

  struct Scale {
    let isLogarithmic: Bool
    /// The least and the largest number that is drawn.
    let ends: ClosedRange<Double>
    /// The range whose parts are as likely as they are long. A whole number stands for the interval
    /// that is rounded to it, so this is half a step more at both ends.
    let prior: ClosedRange<Double>

    init(_ low: Double, _ high: Double, isLogarithmic: Bool = false, margin: Double = 0) {
      self.isLogarithmic = isLogarithmic
      let place = isLogarithmic ? Exponential.log : { $0 }
      ends = place(low)...place(high)
      prior = place(low - margin)...place(high + margin)
    }

    func place(_ number: Double) -> Double {
      isLogarithmic ? Exponential.log(number) : number
    }
  }

  let kind: Kind
  /// How many cells the grid of PED-ANOVA has; 1 if there is nothing to choose.
  let cells: Int

  /// Cells of a range that cannot be counted through.
  private static let gridCells = 50

  init(_ distribution: Distribution) {
    switch distribution {
    case .choice(let values), .ordinal(let values):
      kind = .classes(values)
      cells = values.count
    case .uniform(let low, let high):
      kind = .numbers(Scale(low, high))
      cells = Self.gridCells
    case .logUniform(let low, let high):
      kind = .numbers(Scale(low, high, isLogarithmic: true))
      cells = Self.gridCells
    case .integers, .steps:
      let count = distribution.count ?? 1
      let low = distribution.value(at: 0).number ?? 0
      let high = distribution.value(at: count - 1).number ?? 0
      let step = count > 1 ? (high - low) / Double(count - 1) : 1
      kind = .numbers(Scale(low, high, margin: step / 2))
      cells = min(count, Self.gridCells)
    case .logIntegers(let low, let high):
      kind = .numbers(Scale(Double(low), Double(high), isLogarithmic: true, margin: 0.5))
      // The cells of a fine grid below the first integers would stay empty: about one for each
      // doubling of the width, as Optuna has it.
      let doublings = Int.bitWidth - (high - low).leadingZeroBitCount
      cells = low == high ? 1 : min(doublings + 1, Self.gridCells)
    case .logSteps(let low, let high, let step):
      kind = .numbers(Scale(low, high, isLogarithmic: true, margin: step / 2))
      cells = min(Int(((high - low) / step).rounded()) + 1, Self.gridCells)
    case .normal(_, _, let low, let high, let isLogarithmic, let step):
      kind = .numbers(
        Scale(low, high, isLogarithmic: isLogarithmic, margin: (step ?? 0) / 2))
      cells = Self.gridCells
    }
  }

  /// The cell of the grid that a value is in; nil for one that the parameter cannot have.
  func cell(of value: Value) -> Int? {
    switch kind {
    case .classes(let values): return values.firstIndex(of: value)
    case .numbers(let scale):
      guard let number = value.number, !scale.isLogarithmic || number > 0 else { return nil }
      guard cells > 1 else { return 0 }
      let width = (scale.ends.upperBound - scale.ends.lowerBound) / Double(cells - 1)
      // What lies in the middle of two cells is in the lower one, rounding or not.
      let position = (scale.place(number) - scale.ends.lowerBound) / width - 0.5 - 1e-9
      return Int(max(0, min(position.rounded(.up), Double(cells - 1))))
    }
  }

  /// Where a value is in 0..<1 under the prior; nil for one that the parameter cannot have.
  func position(of value: Value) -> Double? {
    switch kind {
    case .classes(let values):
      return values.firstIndex(of: value).map { (Double($0) + 0.5) / Double(values.count) }
    case .numbers(let scale):
      guard let number = value.number, !scale.isLogarithmic || number > 0 else { return nil }
      let width = scale.prior.upperBound - scale.prior.lowerBound
      let position = (scale.place(number) - scale.prior.lowerBound) / width
      return max(0, min(position, 1.0.nextDown))
    }
  }
}

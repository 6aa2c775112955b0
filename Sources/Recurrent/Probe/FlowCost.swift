/// What training and measurements cost, in multiply-adds of their products: gates and norms are left out on
/// both sides.
public enum FlowCost {
  /// The most sequences whose Jacobians are measured.
  static let sequences = 4
  /// Products of the spectral radius before the growth of the vector counts, and while it does.
  static let (warmUp, growth) = (8, 40)

  /// Passes forward and back over rows of a batch, whose results have so many rows. Products with the rows of
  /// an embedding are left out, since words that repeat share them.
  public static func passes(_ plan: ModelPlan, rows: Int, results: Int) -> Int {
    let (units, gates) = (plan.hidden, plan.gates * plan.hidden * plan.directions)
    var first = 0
    // The gradient of the values that enter is not asked for.
    if case .values(let channels) = plan.input { first = 2 * gates * channels }
    let recurrent = 3 * plan.layers * gates * units
    let between = 3 * (plan.layers - 1) * gates * plan.outputWidth
    return rows * (first + recurrent + between) + 3 * results * plan.outputs * plan.outputWidth
  }

  /// The least that the Jacobians of all layers take, of a batch whose longest sequence is so long.
  static func jacobians(_ plan: ModelPlan, length: Int) -> Int {
    let bound =
      plan.cell == .rnn && plan.normalization == .none
      ? 2 * min(SingularValue.most, plan.hidden) : 0
    return plan.layers
      * (singularValues(plan, lags: lags(length: length))
        + (warmUp + growth + bound) * plan.hidden * plan.hidden)
  }

  /// The least that the singular values of some lags take.
  static func singularValues(_ plan: ModelPlan, lags: [Int]) -> Int {
    2 * min(SingularValue.least, plan.hidden)
      * StepJacobian.work(plan, steps: lags.reduce(0, +))
  }

  /// The lags at which the Jacobian of a sequence is measured: powers of two up to half of the longest one, and
  /// this. Each product costs its lag: together they cost twice the longest.
  static func lags(length: Int) -> [Int] {
    let longest = length - 1
    guard longest > 0 else { return [] }
    var lags: [Int] = []
    var lag = 1
    while 2 * lag <= longest {
      lags.append(lag)
      lag *= 2
    }
    return lags + [longest]
  }
}

extension Model {
  /// The least that ``measureFlow(_:work:_:loss:)`` takes.
  public func leastFlowWork(_ batch: PackedBatch<S>) -> Int {
    let results = plan.readout == .every ? batch.rowCount : batch.sequenceCount
    return FlowCost.passes(plan, rows: batch.rowCount, results: results)
      + FlowCost.jacobians(plan, length: batch.stepCount)
  }
}

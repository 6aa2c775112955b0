import Glibc

/// Reads what a layer's last passes left, and measures.
///
/// Legend: N rows, B sequences, H units.
final class LayerProbe<S: Scalar> {
  private let layer: RecurrentLayer<S>
  private let plan: ModelPlan
  private let parameters: UnsafePointer<S>
  private let batch: PackedBatch<S>
  private let unrolling: Unrolling
  private let settings: FlowSettings
  private let lengths: [Int]
  private let singular: SingularValue
  private var activations: LayerActivations?
  private var points: [GradientFlow.Point] = []
  /// The multiply-adds of products with the weights alone.
  private var weightWork = 0

  init(
    _ layer: RecurrentLayer<S>, _ plan: ModelPlan, _ parameters: UnsafePointer<S>,
    _ batch: PackedBatch<S>, _ unrolling: Unrolling, _ settings: FlowSettings
  ) {
    (self.layer, self.plan, self.parameters) = (layer, plan, parameters)
    (self.batch, self.unrolling, self.settings) = (batch, unrolling, settings)
    lengths = batch.lengths
    singular = SingularValue(units: layer.units)
  }

  /// The row of a sequence so many steps before its end.
  private func row(_ sequence: Int, lag: Int) -> Int {
    batch.offsets[lengths[sequence] - 1 - lag] + sequence
  }

  /// Lags from 0 to one step before the longest sequence begins, evenly.
  private func sampledLags(from first: Int, through last: Int) -> [Int] {
    let count = min(max(settings.lags, 2), last - first + 1)
    guard count > 1 else { return [last] }
    return (0..<count).map { first + $0 * (last - first) / (count - 1) }
  }

  // MARK: Reading

  /// Between the passes: on the way back gates become gradients.
  func readActivations() {
    let activations = LayerActivations(layer, unrolling)
    self.activations = activations
    for (name, panel) in gatePanels { addGate(name, activations.gates[panel].pointer) }
  }

  private var gatePanels: [(String, Int)] {
    switch plan.cell {
    case .rnn: []
    case .lstm: [("gate_i", 0), ("gate_f", 1), ("gate_o", 3)]
    case .gru: [("gate_r", 1), ("gate_z", 2)]
    }
  }

  private func addGate(_ name: String, _ values: UnsafePointer<Double>) {
    let units = layer.units
    for lag in sampledLags(from: 0, through: lengths[0] - 1) {
      var open: [Double] = []
      for sequence in lengths.indices where lengths[sequence] > lag {
        let start = row(sequence, lag: lag) * units
        open += UnsafeBufferPointer(start: values + start, count: units)
      }
      let count = Double(open.count)
      points.append(
        GradientFlow.Point(
          measure: name, lag: lag, mean: open.reduce(0, +) / count,
          low: Double(open.count { $0 < 0.1 }) / count, median: Self.quantile(open, 0.5),
          high: Double(open.count { $0 > 0.9 }) / count))
    }
  }

  /// After the way back.
  func readGradients() {
    if let states = layer.stateGradients { addNorms("state_gradient", states) }
    if layer.cell.hasMemory {
      addNorms("memory_gradient", layer.memoryGradient.row(unrolling.sequences))
    }
  }

  private func addNorms(_ name: String, _ rows: UnsafePointer<S>) {
    let units = layer.units
    // E is the loss of one sequence: what was differentiated is the mean over all of them.
    let scale = Double(lengths.count)
    for lag in sampledLags(from: 0, through: lengths[0] - 1) {
      let norms = lengths.indices.filter { lengths[$0] > lag }.map { sequence in
        let from = rows + row(sequence, lag: lag) * units
        return (0..<units).reduce(0.0) { $0 + Double(from[$1]) * Double(from[$1]) }.squareRoot()
          * scale
      }
      points.append(Self.point(name, lag, norms))
    }
  }

  private static func point(_ name: String, _ lag: Int, _ values: [Double]) -> GradientFlow.Point {
    GradientFlow.Point(
      measure: name, lag: lag, mean: values.reduce(0, +) / Double(values.count),
      low: quantile(values, 0.1), median: quantile(values, 0.5), high: quantile(values, 0.9))
  }

  /// Between the two nearest values, linearly.
  private static func quantile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }

  // MARK: Jacobians

  /// Measures with products of at most so many multiply-adds, and at least ``FlowCost/jacobians(_:_:)``.
  func measure(layer index: Int, work: Int) -> GradientFlow {
    guard let activations else { preconditionFailure("a measurement without a forward pass") }
    let steps = StepJacobian(layer, plan, parameters, activations)
    let values = singularValues(steps, work: work)
    var worst = 0.0
    var longest = (lag: 0, value: 1.0)
    for (lag, values) in values.sorted(by: { $0.key < $1.key }) {
      let point = Self.point("jacobian", lag, values)
      points.append(point)
      worst = point.median.isFinite ? max(worst, point.median) : .infinity
      longest = (lag, point.median)
    }
    let decay = longest.lag == 0 ? 1 : exp(log(longest.value) / Double(longest.lag))
    let verdict: GradientFlow.Verdict =
      !(worst <= settings.exploding)
      ? .exploding : longest.value < settings.vanishing ? .vanishing : .healthy
    let (radius, bound) = (spectralRadius, normBound(activations))
    return GradientFlow(
      layer: index, points: points, verdict: verdict, lag: longest.lag, jacobian: longest.value,
      decay: decay, memory: decay < 1 ? -1 / log(decay) : .infinity,
      spectralRadius: radius, normBound: bound, work: steps.work + weightWork)
  }

  /// By lag, of the longest sequences: of the first one in any case, of the next ones while they can be paid.
  private func singularValues(_ steps: StepJacobian, work: Int) -> [Int: [Double]] {
    var values: [Int: [Double]] = [:]
    for sequence in lengths.indices.prefix(FlowCost.sequences) where lengths[sequence] > 1 {
      let lags = FlowCost.lags(length: lengths[sequence])
      let least = FlowCost.singularValues(plan, lags: lags)
      guard values.isEmpty || steps.work + least <= work else { break }
      for (place, lag) in lags.enumerated() {
        // What is left when the lags after it have their least, for this one.
        let later = FlowCost.singularValues(plan, lags: Array(lags[(place + 1)...]))
        let step = 2 * StepJacobian.work(plan, steps: lag)
        let limit = max((work - steps.work - later) / step, SingularValue.least)
        let rows = (0..<lag).map { row(sequence, lag: lag - 1 - $0) }
        let previous = (0..<lag).map { before(sequence, lag: lag - 1 - $0) }
        values[lag, default: []].append(
          singular.largest(limit: limit) {
            steps.multiply($0, rows, previous)
          } transposed: {
            steps.multiplyTransposed($0, rows, previous)
          })
      }
    }
    return values
  }

  /// The row of states, initial ones first, before that of a lag.
  private func before(_ sequence: Int, lag: Int) -> Int {
    let step = lengths[sequence] - 1 - lag
    return step == 0 ? sequence : batch.sequenceCount + batch.offsets[step - 1] + sequence
  }

  // MARK: Weights

  /// The recurrent weights of the candidate, [H, H].
  private func candidate() -> Buffer<Double> {
    let units = layer.units
    let gate = plan.cell == .rnn ? 0 : 2
    let from = parameters + layer.parameters.recurrentWeight + gate * units * units
    return Buffer((0..<units * units).map { Double(from[$0]) })
  }

  private func multiply(
    _ weights: Buffer<Double>, _ orientation: Orientation, _ vector: UnsafeMutablePointer<Double>,
    _ room: Buffer<Double>
  ) {
    let units = layer.units
    multiplyVector(
      weights.pointer, orientation, rows: units, columns: units, vector, into: room.pointer,
      adding: false)
    vector.copy(from: room.pointer, count: units)
    weightWork += units * units
  }

  /// By the growth of a vector under many products, since eigenvalues come in complex pairs.
  private var spectralRadius: Double {
    let (weights, room) = (candidate(), Buffer<Double>(count: layer.units))
    let vector = Buffer<Double>(count: layer.units)
    SingularValue.start(vector.pointer, layer.units)
    var logarithm = 0.0
    for step in 0..<FlowCost.warmUp + FlowCost.growth {
      multiply(weights, .plain, vector.pointer, room)
      let length = SingularValue.normalize(vector.pointer, layer.units)
      guard length > 0 && length.isFinite else { return length }
      if step >= FlowCost.warmUp { logarithm += log(length) }
    }
    return exp(logarithm / Double(FlowCost.growth))
  }

  private func normBound(_ activations: LayerActivations) -> Double? {
    guard plan.cell == .rnn, plan.normalization == .none else { return nil }
    let (weights, room) = (candidate(), Buffer<Double>(count: layer.units))
    let norm = singular.largest(limit: SingularValue.most) {
      multiply(weights, .plain, $0, room)
    } transposed: {
      multiply(weights, .transposed, $0, room)
    }
    let slopes = (0..<activations.gates[0].count).lazy.map { index in
      let activation = activations.gates[0].pointer[index]
      return self.plan.nonlinearity == .tanh ? 1 - activation * activation : activation > 0 ? 1 : 0
    }
    return norm * (slopes.max() ?? 1)
  }
}

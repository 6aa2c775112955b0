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
  /// By the panels of the layer, [N, H] each.
  private var gates: [[Double]] = []
  private var points: [GradientFlow.Point] = []

  init(
    _ layer: RecurrentLayer<S>, _ plan: ModelPlan, _ parameters: UnsafePointer<S>,
    _ batch: PackedBatch<S>, _ unrolling: Unrolling, _ settings: FlowSettings
  ) {
    (self.layer, self.plan, self.parameters) = (layer, plan, parameters)
    (self.batch, self.unrolling, self.settings) = (batch, unrolling, settings)
    var lengths = [Int](repeating: 0, count: batch.sequenceCount)
    for size in batch.batchSizes { for place in 0..<size { lengths[place] += 1 } }
    self.lengths = lengths
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
    let (units, form) = (layer.units, layer.form)
    gates = (0..<form.panels).map { panel in
      var values = [Double](repeating: 0, count: unrolling.rows * units)
      for chunk in unrolling.chunks {
        let base = layer.gates.row(chunk.start)
        for unit in 0..<units {
          let from =
            base + form.offset(block: unit / form.width, panel: panel, rows: chunk.rows)
            + unit % form.width
          for row in 0..<chunk.rows {
            values[(chunk.start + row) * units + unit] = Double(from[row * form.width])
          }
        }
      }
      return values
    }
    for (name, panel) in gatePanels { addGate(name, gates[panel]) }
  }

  private var gatePanels: [(String, Int)] {
    switch plan.cell {
    case .rnn: []
    case .lstm: [("gate_i", 0), ("gate_f", 1), ("gate_o", 3)]
    case .gru: [("gate_r", 1), ("gate_z", 2)]
    }
  }

  private func addGate(_ name: String, _ values: [Double]) {
    let units = layer.units
    for lag in sampledLags(from: 0, through: lengths[0] - 1) {
      var open: [Double] = []
      for sequence in lengths.indices where lengths[sequence] > lag {
        let start = row(sequence, lag: lag) * units
        open += values[start..<start + units]
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

  func measure(layer index: Int, sequences: Int) -> GradientFlow {
    let steps = StepJacobian(layer, plan, parameters, gates)
    let measured = lengths.prefix(max(sequences, 1)).indices.filter { lengths[$0] > 1 }
    var worst = 0.0
    var longest = (lag: 0, value: 1.0)
    if let steps, let first = measured.first {
      // Powers of two and the longest: each costs twice its length.
      var lags: [Int] = []
      var lag = 1
      while lag < lengths[first] - 1 {
        lags.append(lag)
        lag *= 2
      }
      lags.append(lengths[first] - 1)
      for lag in lags {
        let values = measured.filter { lengths[$0] > lag }.map { sequence in
          largestSingularValue(steps, sequence, lag: lag)
        }
        let point = Self.point("jacobian", lag, values)
        points.append(point)
        worst = point.median.isFinite ? max(worst, point.median) : .infinity
        longest = (lag, point.median)
      }
    } else {
      longest = gradientRatio
      worst = longest.value
    }
    let decay = longest.lag == 0 ? 1 : exp(log(longest.value) / Double(longest.lag))
    let verdict: GradientFlow.Verdict =
      !(worst <= settings.exploding)
      ? .exploding : longest.value < settings.vanishing ? .vanishing : .healthy
    return GradientFlow(
      layer: index, points: points, verdict: verdict, lag: longest.lag, jacobian: longest.value,
      decay: decay, memory: decay < 1 ? -1 / log(decay) : .infinity,
      spectralRadius: spectralRadius, normBound: normBound)
  }

  /// Where there is no Jacobian: how much of the gradient of the last state is left at the first one.
  private var gradientRatio: (lag: Int, value: Double) {
    let norms = points.filter { $0.measure == "state_gradient" }
    guard let last = norms.first, let first = norms.last, last.median > 0 else { return (0, 1) }
    return (first.lag, first.median / last.median)
  }

  /// The largest singular value of ∂h_T/∂h_(T-lag), by power iteration on JᵀJ: a product with the
  /// Jacobian goes forward through the steps, one with its transpose back.
  private func largestSingularValue(
    _ steps: StepJacobian<S>, _ sequence: Int, lag: Int
  ) -> Double {
    let rows = (0..<lag).map { row(sequence, lag: lag - 1 - $0) }
    let previous = (0..<lag).map { before(sequence, lag: lag - 1 - $0) }
    var vector = Self.start(layer.units)
    var value = 0.0
    for _ in 0..<12 {
      let forward = steps.multiply(vector, rows, previous)
      let norm = Self.norm(forward)
      guard norm.isFinite && norm > 0 else { return norm.isFinite ? 0 : .infinity }
      let back = steps.multiplyTransposed(forward.map { $0 / norm }, rows, previous)
      let next = Self.norm(back)
      guard next.isFinite && next > 0 else { return next.isFinite ? 0 : .infinity }
      vector = back.map { $0 / next }
      // ‖Jᵀ u‖ grows to the largest singular value from below.
      if next - value < 0.01 * next { return max(value, next) }
      value = next
    }
    return value
  }

  /// The row of states, initial ones first, before that of a lag.
  private func before(_ sequence: Int, lag: Int) -> Int {
    let step = lengths[sequence] - 1 - lag
    return step == 0 ? sequence : batch.sequenceCount + batch.offsets[step - 1] + sequence
  }

  private static func norm(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// A unit vector with no symmetry, always the same.
  private static func start(_ count: Int) -> [Double] {
    let vector = (0..<count).map { cos(Double($0 * $0 + 1)) }
    let length = norm(vector)
    return vector.map { $0 / length }
  }

  // MARK: Weights

  /// The recurrent weights of the candidate, [H, H].
  private func candidate() -> [Double] {
    let units = layer.units
    let gate = plan.cell == .rnn ? 0 : 2
    let from = parameters + layer.parameters.recurrentWeight + gate * units * units
    return (0..<units * units).map { Double(from[$0]) }
  }

  /// By the growth of a vector under many products, since eigenvalues come in complex pairs.
  private var spectralRadius: Double {
    let (units, weights) = (layer.units, candidate())
    var vector = Self.start(units)
    var logarithm = 0.0
    let (warm, steps) = (20, 60)
    for step in 0..<warm + steps {
      vector = Self.product(weights, vector, units)
      let length = Self.norm(vector)
      guard length > 0 else { return 0 }
      if step >= warm { logarithm += log(length) }
      vector = vector.map { $0 / length }
    }
    return exp(logarithm / Double(steps))
  }

  private var normBound: Double? {
    guard plan.cell == .rnn, plan.normalization == .none else { return nil }
    let (units, weights) = (layer.units, candidate())
    var transposed = weights
    for row in 0..<units {
      for column in 0..<units { transposed[column * units + row] = weights[row * units + column] }
    }
    var vector = Self.start(units)
    var value = 0.0
    for _ in 0..<40 {
      let forward = Self.product(weights, vector, units)
      value = Self.norm(forward)
      let back = Self.product(transposed, forward, units)
      let length = Self.norm(back)
      guard length > 0 else { return 0 }
      vector = back.map { $0 / length }
    }
    let slopes = gates[0].map { plan.nonlinearity == .tanh ? 1 - $0 * $0 : $0 > 0 ? 1 : 0 }
    return value * (slopes.max() ?? 1)
  }

  private static func product(_ matrix: [Double], _ vector: [Double], _ units: Int) -> [Double] {
    matrix.withUnsafeBufferPointer { matrix in
      vector.withUnsafeBufferPointer { vector in
        (0..<units).map { row in
          var sum = 0.0
          for column in 0..<units { sum += matrix[row * units + column] * vector[column] }
          return sum
        }
      }
    }
  }
}

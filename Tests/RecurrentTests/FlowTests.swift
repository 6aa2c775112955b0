import Philox
import Recurrent
import TestSupport
import Testing

/// The flow of gradients against what brute force finds, in Double.
@Suite struct FlowTests {
  static let plans: [PlanOption] = PlanOption.flows

  /// A model whose shifts and scales of normalization are none of 0 and 1, which would hide mistakes.
  private func model(_ plan: ModelPlan) -> Model<Double> {
    let model = sampleModel(Double.self, plan)
    var random = Philox(seed: 4).sequence(.generator)
    for entry in model.layout.entries where entry.name.contains("norm_") {
      for index in entry.range { model.parameters[index] += 0.3 * random.uniform() }
    }
    return model
  }

  /// ∂h_T/∂h_(T-lag) column by column with central differences, and its largest singular value by many
  /// power iterations.
  private func bruteForce(
    _ model: Model<Double>, _ batch: PackedBatch<Double>, lag: Int
  ) -> Double {
    let units = model.plan.hidden
    let state = RecurrentState<Double>(model.plan)
    let end = RecurrentState<Double>(model.plan)
    let cut = batch.stepCount - lag
    _ = model.forward(batch.steps(0..<cut))
    model.copyState(of: batch.steps(0..<cut), into: state)
    let rest = batch.steps(cut..<batch.stepCount)
    let joined = state.joined
    func last(_ unit: Int, _ distance: Double) -> [Double] {
      var moved = joined
      moved[unit] += distance
      state.joined = moved
      _ = model.forward(rest, from: state)
      model.copyState(of: rest, into: end)
      return Array(end.joined.prefix(units))
    }
    let columns = (0..<units).map { unit in
      zip(last(unit, 1e-5), last(unit, -1e-5)).map { ($0 - $1) / 2e-5 }
    }
    var vector = (0..<units).map { Double($0 % 3) + 1 }
    var value = 0.0
    for _ in 0..<2000 {
      var image = [Double](repeating: 0, count: units)
      for (column, factor) in zip(columns, vector) {
        for unit in 0..<units { image[unit] += column[unit] * factor }
      }
      vector = columns.map { column in zip(column, image).reduce(0) { $0 + $1.0 * $1.1 } }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      vector = vector.map { $0 / norm }
      value = norm.squareRoot()
    }
    return value
  }

  /// At each lag: where there are few units all steps are taken, and nothing is left to chance.
  @Test(arguments: plans)
  func `the Jacobian product has the norm that brute force finds`(option: PlanOption) throws {
    let model = model(option.plan)
    let batch = PackedBatch(
      values: sampleValues(Double.self, lengths: [9], channels: 5), channels: 5)
    let flow = try #require(measure(model, batch).first)
    let points = flow.points.filter { $0.measure == "jacobian" }
    #expect(flow.lag == 8 && points.map(\.lag) == [1, 2, 4, 8])
    for point in points {
      let expected = bruteForce(model, batch, lag: point.lag)
      #expect(
        abs(point.median - expected) < 0.002 * expected,
        "\(point.lag): \(point.median), \(expected)")
    }
    #expect(abs(flow.decay - exp8(flow.jacobian)) < 1e-9)
  }

  @Test(arguments: PlanOption.wide)
  func `the largest singular value is right to one percent`(option: PlanOption) throws {
    let model = model(option.plan)
    let batch = PackedBatch(
      values: sampleValues(Double.self, lengths: [25], channels: 5), channels: 5)
    let flow = try #require(measure(model, batch).first)
    let points = flow.points.filter { $0.measure == "jacobian" }
    #expect(points.map(\.lag) == [1, 2, 4, 8, 24])
    for point in points {
      let expected = bruteForce(model, batch, lag: point.lag)
      #expect(
        abs(point.median - expected) < 0.01 * expected, "\(point.lag): \(point.median), \(expected)"
      )
    }
  }

  /// What may be spent is a bound for what is counted; more of it means more sequences.
  @Test func `a measurement keeps to the work that it is allowed`() throws {
    let model = model(PlanOption.values(.gru))
    let batch = PackedBatch(
      values: sampleValues(Double.self, lengths: [20, 20, 19, 12, 20], channels: 5), channels: 5)
    let least = model.leastFlowWork(batch)
    var sequences: [Int] = []
    for factor in [1, 2, 3, 8] {
      let flows = measure(model, batch, work: factor * least)
      let spent = flows.reduce(0) { $0 + $1.work }
      #expect(spent <= factor * least)
      #expect(flows.allSatisfy { $0.work > 0 && $0.jacobian > 0 })
      let last = try #require(flows[0].points.last { $0.measure == "jacobian" })
      sequences.append(last.low == last.high ? 1 : 2)
    }
    #expect(sequences.first == 1 && sequences.last == 2)
  }

  private func exp8(_ value: Double) -> Double {
    value.squareRoot().squareRoot().squareRoot()
  }

  private func measure(
    _ model: Model<Double>, _ batch: PackedBatch<Double>, work: Int = .max,
    _ settings: FlowSettings = FlowSettings()
  ) -> [GradientFlow] {
    model.measureFlow(batch, work: work, settings) { result, upstream in
      _ = Loss.crossEntropy(
        result, targets: sampleTargets(rows: result.rows, count: result.columns),
        gradient: upstream)
    }
  }

  /// The gradient of the loss by the initial state is what reaches it through ∂E/∂h_1: here it is
  /// compared by cutting a sequence in two.
  @Test(arguments: [CellKind.tanh, .lstm, .gru])
  func `the norm of a state's gradient is that of the loss`(kind: CellKind) throws {
    var plan = PlanOption.values(kind, layers: 1)
    plan.readout = .last
    let model = sampleModel(Double.self, plan)
    let batch = PackedBatch(
      values: sampleValues(Double.self, lengths: [6], channels: 5), channels: 5)
    func loss(_ result: Matrix<Double>, _ upstream: Matrix<Double>?) -> LossSum {
      Loss.crossEntropy(result, targets: [1], gradient: upstream)
    }
    let flow = try #require(
      model.measureFlow(batch) { _ = loss($0, $1) }.first)
    for lag in [1, 3, 5] {
      let cut = batch.stepCount - lag
      let state = RecurrentState<Double>(plan)
      _ = model.forward(batch.steps(0..<cut))
      model.copyState(of: batch.steps(0..<cut), into: state)
      let rest = batch.steps(cut..<batch.stepCount)
      var joined = state.joined
      let slopes = joined.indices.map { index in
        let center = joined[index]
        func moved(_ to: Double) -> Double {
          joined[index] = to
          state.joined = joined
          return loss(model.forward(rest, from: state), nil).mean
        }
        let slope = (moved(center + 1e-5) - moved(center - 1e-5)) / 2e-5
        joined[index] = center
        return slope
      }
      func norm(_ part: ArraySlice<Double>) -> Double {
        part.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
      let state1 = try #require(
        flow.points.first { $0.measure == "state_gradient" && $0.lag == lag })
      #expect(abs(state1.mean - norm(slopes[0..<7])) < 1e-6 * max(state1.mean, 1e-3))
      guard kind == .lstm else { continue }
      let memory = try #require(
        flow.points.first { $0.measure == "memory_gradient" && $0.lag == lag })
      // h depends on c: what reaches c through its own h is part of its gradient.
      let direct = norm(slopes[7..<14])
      #expect(memory.mean > 0 && memory.mean.isFinite && direct > 0)
    }
  }

  @Test func `gates are counted`() throws {
    var plan = PlanOption.values(.lstm, layers: 1)
    plan.forgetBias = 30
    let model = sampleModel(Double.self, plan)
    let batch = PackedBatch(values: sampleValues(Double.self, channels: 5), channels: 5)
    let flow = try #require(measure(model, batch).first)
    let forget = flow.points.filter { $0.measure == "gate_f" }
    #expect(forget.map(\.lag) == Array(0..<6))
    #expect(forget.allSatisfy { $0.high == 1 && $0.low == 0 && $0.mean > 0.99 })
    let input = flow.points.filter { $0.measure == "gate_i" }
    #expect(input.allSatisfy { 0.2 < $0.mean && $0.mean < 0.8 })
  }

  /// Recurrent weights s·I and no input: the Jacobian over k steps of a linear layer is s^k exactly.
  @Test(arguments: [(0.5, GradientFlow.Verdict.vanishing), (1, .healthy), (2, .exploding)])
  func `the verdict follows the rule`(scale: Double, verdict: GradientFlow.Verdict) throws {
    var plan = PlanOption.values(.relu, layers: 1)
    plan.initializer = .identity
    let model = sampleModel(Double.self, plan)
    let weights = try #require(model.layout["recurrent.weight_hh_l0"])
    for index in weights.range { model.parameters[index] *= scale }
    let bias = try #require(model.layout["recurrent.bias_ih_l0"])
    for index in bias.range { model.parameters[index] = 5 }
    let batch = PackedBatch(
      values: sampleValues(Double.self, lengths: [33], channels: 5), channels: 5)
    let settings = FlowSettings(vanishing: 1e-6, exploding: 1e6)
    let flow = try #require(measure(model, batch, work: .max, settings).first)
    #expect(flow.verdict == verdict)
    var power = 1.0
    for _ in 0..<32 { power *= scale }
    #expect(abs(flow.jacobian - power) < 1e-3 * power)
    #expect(abs(flow.spectralRadius - scale) < 1e-6)
    #expect(abs((flow.normBound ?? 0) - scale) < 1e-6)
    #expect(scale < 1 ? abs(flow.memory - 1.4427) < 0.01 : flow.memory.isInfinite || scale == 1)
  }

  @Test func `in sequences of one step nothing flows back`() throws {
    let model = model(PlanOption.values(.lstm, layers: 1))
    let batch = PackedBatch(
      values: sampleValues(Double.self, lengths: [1, 1], channels: 5), channels: 5)
    let flow = try #require(measure(model, batch).first)
    #expect(
      flow.verdict == .healthy && flow.lag == 0
        && !flow.points.contains { $0.measure == "jacobian" })
    #expect(flow.reason.hasPrefix("sequences of one step"))
  }

  /// Measuring changes nothing that training goes on with.
  @Test func `a measurement leaves the parameters alone`() {
    let model = sampleModel(Double.self, PlanOption.values(.gru))
    let before = model.parameters.elements
    let batch = PackedBatch(values: sampleValues(Double.self, channels: 5), channels: 5)
    #expect(measure(model, batch).count == 2)
    #expect(model.parameters.elements == before)
    #expect(model.gradient.buffer.elements.allSatisfy { $0 == 0 })
  }
}

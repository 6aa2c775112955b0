import Philox
import Recurrent
import Testing

/// What the initializers promise of the weights they draw.
@Suite struct InitializerTests {
  private func model(_ cell: ModelPlan.Cell, _ change: (inout ModelPlan) -> Void) -> Model<Double> {
    var plan = ModelPlan(input: .values(channels: 3), cell: cell, hidden: 17, outputs: 2)
    change(&plan)
    let model = Model<Double>(plan)
    model.initialize(Philox(seed: 2))
    return model
  }

  private func part(_ model: Model<Double>, _ name: String) throws -> [Double] {
    Array(model.parameters.elements[try #require(model.layout[name]).range])
  }

  @Test func `orthogonal weights keep lengths`() throws {
    let weights = try part(model(.gru) { $0.initializer = .orthogonal }, "recurrent.weight_hh_l0")
    for gate in 0..<3 {
      for left in 0..<17 {
        for right in 0..<17 {
          let product = (0..<17).reduce(0.0) { sum, index in
            sum + weights[(gate * 17 + left) * 17 + index]
              * weights[(gate * 17 + right) * 17 + index]
          }
          #expect(abs(product - (left == right ? 1 : 0)) < 1e-12)
        }
      }
    }
  }

  @Test func `the identity passes a state on`() throws {
    let model = model(.rnn) {
      $0.initializer = .identity
      $0.nonlinearity = .relu
    }
    let weights = try part(model, "recurrent.weight_hh_l0")
    #expect(weights.indices.allSatisfy { weights[$0] == ($0 % 18 == 0 ? 1 : 0) })
    #expect(try part(model, "recurrent.bias_ih_l0").allSatisfy { $0 == 0 })
    // max(0, h) of h ≥ 0 is h: without input a state stays what it was.
    let state = RecurrentState<Double>(model.plan)
    state.joined = (0..<17).map(Double.init)
    let batch = PackedBatch(values: [[Double](repeating: 0, count: 3 * 50)], channels: 3)
    _ = model.forward(batch, from: state)
    let last = RecurrentState<Double>(model.plan)
    model.copyState(of: batch, into: last)
    #expect(last.joined == state.joined)
  }

  @Test func `Glorot's bound depends on both sides`() throws {
    let weights = try part(model(.lstm) { $0.initializer = .glorot }, "recurrent.weight_ih_l0")
    let bound = (6.0 / 20).squareRoot()
    let largest = weights.map(abs).max() ?? 0
    #expect(largest <= bound && largest > 0.95 * bound)
  }

  @Test func `chrono biases remember as long as they are told`() throws {
    let lstm = model(.lstm) { $0.chronoSteps = 100 }
    let bias = try part(lstm, "recurrent.bias_ih_l0")
    let (input, forget) = (bias[0..<17], bias[17..<34])
    #expect(zip(input, forget).allSatisfy { $0 == -$1 })
    #expect(forget.allSatisfy { 0 <= $0 && $0 <= 4.6 } && Set(forget).count == 17)
    #expect((forget.max() ?? 0) > 3)
    let other = try part(lstm, "recurrent.bias_hh_l0")
    #expect(other[0..<34].allSatisfy { $0 == 0 } && other[34..<68].contains { $0 != 0 })
    let update = try part(model(.gru) { $0.chronoSteps = 100 }, "recurrent.bias_ih_l0")[17..<34]
    #expect(update.allSatisfy { 0 <= $0 && $0 <= 4.6 })
  }

  @Test func `a normalized LSTM has its forget bias in the shift`() throws {
    let model = model(.lstm) { $0.normalization = .layer }
    let shift = try part(model, "recurrent.norm_bias_l0")
    #expect(shift[17..<34].allSatisfy { $0 == 1 })
    #expect(shift[0..<17].allSatisfy { $0 == 0 } && shift[34...].allSatisfy { $0 == 0 })
    #expect(try part(model, "recurrent.norm_weight_l0").allSatisfy { $0 == 1 })
    #expect(model.layout["recurrent.bias_ih_l0"] == nil)
  }
}

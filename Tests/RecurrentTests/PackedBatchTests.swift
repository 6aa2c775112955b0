import Recurrent
import Testing

@Suite struct PackedBatchTests {
  @Test func `sequences are sorted by length and laid out by time`() {
    let batch = PackedBatch<Float>(tokens: [[1, 2], [3], [4, 5, 6], [7, 8]])
    #expect(batch.order == [2, 0, 3, 1])
    #expect(batch.batchSizes == [4, 3, 1])
    #expect(batch.offsets == [0, 4, 7])
    #expect(batch.tokens == [4, 1, 7, 3, 5, 2, 8, 6])
    #expect(batch.sequenceCount == 4 && batch.stepCount == 3 && batch.rowCount == 8)
  }

  @Test func `rows of values stay whole`() {
    let batch = PackedBatch<Double>(values: [[1, 2], [3, 4, 5, 6]], channels: 2)
    #expect(batch.values == [3, 4, 1, 2, 5, 6])
    #expect(batch.batchSizes == [2, 1])
  }

  @Test(arguments: ModelPlan.Cell.allCases, ModelPlan.Readout.allCases)
  func `a sequence gives the same alone as among others`(
    cell: ModelPlan.Cell, readout: ModelPlan.Readout
  ) {
    let plan = ModelPlan(
      input: .tokens(vocabulary: 11, embedding: 5), cell: cell, hidden: 12, layers: 2,
      readout: readout, outputs: 3)
    let model = sampleModel(Double.self, plan)
    let sequences = sampleTokens()
    let batch = PackedBatch<Double>(tokens: sequences)
    let together = model.forward(batch)
    let rows = together.elements
    for (place, sequence) in batch.order.enumerated() {
      let alone = model.forward(PackedBatch(tokens: [sequences[sequence]]))
      let steps = readout == .every ? sequences[sequence].count : 1
      for step in 0..<steps {
        let row = readout == .every ? batch.offsets[step] + place : place
        for column in 0..<3 {
          #expect(abs(alone[step, column] - rows[row * 3 + column]) < 1e-12)
        }
      }
    }
  }

  @Test func `one model takes batches of every size in any order`() {
    let plan = ModelPlan(
      input: .tokens(vocabulary: 11, embedding: 3), cell: .lstm, hidden: 5, layers: 2, outputs: 2)
    let used = sampleModel(Float.self, plan)
    let upstream = Matrix<Float>()
    for lengths in [[2], [5, 1, 9], sampleLengths, [3, 3], Array(repeating: 4, count: 40)] {
      let batch = PackedBatch<Float>(tokens: sampleTokens(lengths: lengths))
      let targets = lengths.map { Int32($0 % 2) }
      let fresh = sampleModel(Float.self, plan)
      used.zeroGradient()
      for model in [used, fresh] {
        _ = Loss.crossEntropy(model.forward(batch), targets: targets, gradient: upstream)
        model.backward(upstream)
      }
      #expect(used.gradient.buffer.elements == fresh.gradient.buffer.elements)
    }
  }
}

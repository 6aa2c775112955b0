import Foundation
import Recurrent
import Testing

/// A case of Fixtures/models.json: see Fixtures/generate.py.
struct Reference: Decodable, CustomTestStringConvertible {
  let name: String
  let plan: ModelPlan
  let tokens: [[Int32]]?
  let values: [[Float]]?
  let targets: [Int32]
  let parameters: [String: [Float]]
  let logits: [Float]
  /// h, and c if there is one: [layers · directions, sequences, hidden].
  let states: [[Float]]
  let loss: Double
  let gradients: [String: [Float]]
  let optimizer: OptimizerPlan
  let rate: Double
  let clip: Clip
  let losses: [Double]
  let trained: [String: [Float]]

  var testDescription: String { name }

  static func all() throws -> [Reference] {
    let url = try #require(
      Bundle.module.url(
        forResource: "models", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode([Reference].self, from: Data(contentsOf: url))
  }

  func batch<S: Scalar>(_ type: S.Type) throws -> PackedBatch<S> {
    if let tokens { return PackedBatch(tokens: tokens) }
    let values = try #require(values).map { $0.map { S($0) } }
    return PackedBatch(values: values, channels: plan.inputWidth)
  }

  func model<S: Scalar>(_ type: S.Type) throws -> Model<S> {
    let model = Model<S>(plan)
    #expect(Set(model.layout.entries.map(\.name)) == Set(parameters.keys))
    for entry in model.layout.entries {
      let elements = try #require(parameters[entry.name])
      try #require(elements.count == entry.count)
      for (index, element) in zip(entry.range, elements) { model.parameters[index] = S(element) }
    }
    return model
  }

  /// For each row of the result, its place in the lists of the file.
  func places<S: Scalar>(_ batch: PackedBatch<S>) -> [Int] {
    guard plan.readout == .every else { return batch.order }
    var starts = [0]
    var lengths = [Int](repeating: 0, count: batch.sequenceCount)
    for size in batch.batchSizes {
      for place in 0..<size { lengths[batch.order[place]] += 1 }
    }
    for length in lengths { starts.append(starts[starts.count - 1] + length) }
    return batch.batchSizes.enumerated().flatMap { step, size in
      (0..<size).map { starts[batch.order[$0]] + step }
    }
  }
}

import Glibc
import Recurrent
import Testing
import Training

@Suite struct ArtifactTests {
  static func train(
    _ dataset: Dataset, _ model: ModelSettings, data: DataPlan = DataPlan()
  ) throws -> (PreparedData, Outcome, [String: [UInt8]]) {
    let prepared = try PreparedData(dataset, data, seed: 1)
    let plan = Plan(
      data: data, model: model, training: TrainingPlan(epochs: 2, batch: 16, rate: 0.01), seed: 1)
    guard case .finished(let outcome) = try Session(plan, prepared).run() else {
      preconditionFailure("nothing stops this run")
    }
    let artifacts = outcome.artifacts.map { ($0.name, $0.bytes) }
    return (prepared, outcome, Dictionary(uniqueKeysWithValues: artifacts))
  }

  static func value(_ outcome: Outcome, _ name: String) -> Double {
    outcome.metrics.first { $0.split == .test && $0.name == name }?.value ?? .nan
  }

  @Test func `safetensors are read back whole`() throws {
    let file = SafeTensors(
      [
        .init(
          name: "b", shape: [2, 3], elements: [1, -2, 3.5, 0, .infinity, .leastNonzeroMagnitude]),
        .init(name: "a", shape: [], elements: [7]), .init(name: "empty", shape: [0], elements: []),
      ], metadata: ["format": "pt"])
    let bytes = file.encoded()
    let copy = try SafeTensors(decoding: bytes)
    #expect(copy.metadata == file.metadata)
    #expect(copy["b"] == file["b"] && copy["a"] == file["a"] && copy["empty"] == file["empty"])
    let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(header % 8 == 0)
    #expect(bytes.count == 8 + header + 28)
    let text = String(decoding: bytes[8..<8 + header], as: UTF8.self)
    #expect(
      text.hasPrefix(
        #"{"__metadata__":{"format":"pt"},"a":{"data_offsets":[24,28],"dtype":"F32","shape":[]}"#))
    for count in 0..<bytes.count {
      #expect(throws: ArtifactError.self) {
        try SafeTensors(decoding: bytes.prefix(count))
      }
    }
  }

  @Test func `a model has PyTorch's names and shapes`() throws {
    let dataset = PreparationTests.messages(60)
    let (data, outcome, artifacts) = try Self.train(
      dataset, ModelSettings(cell: .gru, hidden: 6, layers: 2, embedding: 5))
    let model = try SafeTensors(decoding: artifacts[Artifact.Name.model] ?? [])
    let size = data.vocabulary?.count ?? 0
    let shapes = Dictionary(uniqueKeysWithValues: model.tensors.map { ($0.name, $0.shape) })
    #expect(
      shapes == [
        "embedding.weight": [size, 5], "recurrent.weight_ih_l0": [18, 5],
        "recurrent.weight_hh_l0": [18, 6], "recurrent.bias_ih_l0": [18],
        "recurrent.bias_hh_l0": [18], "recurrent.weight_ih_l1": [18, 6],
        "recurrent.weight_hh_l1": [18, 6], "recurrent.bias_ih_l1": [18],
        "recurrent.bias_hh_l1": [18], "head.weight": [2, 6], "head.bias": [2],
      ])
    #expect(
      Set(artifacts.keys) == ["model.safetensors", "plan.json", "vocabulary.json", "labels.json"])
    #expect(
      artifacts[Artifact.Name.labels].map { String(decoding: $0, as: UTF8.self) }
        == #"["ham","spam"]"#)
    #expect(outcome.artifacts.allSatisfy { $0.sha256 == Digest.text(of: $0.bytes) })
  }

  @Test func `a predictor answers texts as the evaluation did`() throws {
    let dataset = PreparationTests.messages(90)
    guard case .texts(let texts) = dataset.inputs else { return }
    let (data, outcome, artifacts) = try Self.train(
      dataset, ModelSettings(cell: .lstm, hidden: 6, embedding: 5))
    let predictor = try Predictor(artifacts)
    #expect(predictor.document.encoding == data.encoding)
    let predictions = try predictor.predict(texts: data.test.rows.map { texts[$0] })
    let labels = PreparationTests.classes(data.test).map { data.encoding.labels?[Int($0)] }
    let right = zip(predictions, labels).count { $0.label == $1 }
    #expect(Double(right) / Double(labels.count) == Self.value(outcome, "accuracy"))
    var loss = 0.0
    for (prediction, label) in zip(predictions, labels) {
      let candidates = prediction.probabilities ?? []
      #expect(abs(candidates.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
      let probability = candidates.first { $0.label == label }?.probability ?? 0
      loss -= log(probability)
    }
    #expect(abs(loss / Double(labels.count) - Self.value(outcome, "loss")) < 1e-5)
    #expect(try predictor.predict(texts: [""]).first?.label != nil)
    #expect(throws: ArtifactError.self) { try predictor.predict(values: [[1]]) }
  }

  @Test func `a predictor answers values in the scale of the data`() throws {
    let dataset = try Generator.adding.dataset(count: 60, length: 10, seed: 1)
    guard case .values(let values, _) = dataset.inputs,
      case .numbers(let numbers, _) = dataset.targets
    else { return }
    let (data, outcome, artifacts) = try Self.train(dataset, ModelSettings(cell: .rnn, hidden: 6))
    let predictions = try Predictor(artifacts).predict(values: data.test.rows.map { values[$0] })
    var squares = 0.0
    for (row, prediction) in zip(data.test.rows, predictions) {
      let difference = (prediction.numbers?.first ?? 0) - Double(numbers[row])
      squares += difference * difference
    }
    let rmse = (squares / Double(predictions.count)).squareRoot()
    #expect(abs(rmse - Self.value(outcome, "rmse")) < 1e-5)
  }

  @Test func `a predictor answers each step, and the next token`() throws {
    let copy = try Generator.copy.dataset(count: 40, length: 2, seed: 1)
    let (_, _, tagger) = try Self.train(copy, ModelSettings(cell: .gru, hidden: 6, embedding: 4))
    let steps = try Predictor(tagger).predict(symbols: [[0, 1, 9], [3]])
    #expect(steps.map { $0.steps?.count } == [3, 1])
    #expect(throws: ArtifactError.self) { try Predictor(tagger).predict(symbols: [[10]]) }

    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "abc", count: 2000)]), targets: .none)
    let (_, _, language) = try Self.train(
      text, ModelSettings(cell: .lstm, hidden: 12, embedding: 4),
      data: DataPlan(maximumLength: 16))
    let next = try Predictor(language).predict(texts: ["abcab", "abca"])
    #expect(next.map(\.label) == ["c", "b"])
  }

  @Test func `artifacts that do not fit each other are refused`() throws {
    let (_, _, artifacts) = try Self.train(
      PreparationTests.messages(60), ModelSettings(cell: .rnn, hidden: 4, embedding: 3))
    for name in [Artifact.Name.model, Artifact.Name.plan, Artifact.Name.vocabulary] {
      var missing = artifacts
      missing[name] = nil
      #expect(#expect(throws: ArtifactError.self) { try Predictor(missing) }?.artifact == name)
    }
    var other = artifacts
    other[Artifact.Name.vocabulary] = Array(#"["<pad>","<unk>"]"#.utf8)
    #expect(throws: ArtifactError.self) { try Predictor(other) }
    other = artifacts
    other[Artifact.Name.model] = SafeTensors([]).encoded()
    #expect(throws: ArtifactError.self) { try Predictor(other) }
  }
}

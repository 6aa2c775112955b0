import Glibc
import Recurrent
import Testing
import Training

/// Files are read back byte by byte and evaluated operator by operator, as the standard words them.
@Suite struct ONNXExportTests {
  private static func file(_ artifacts: [String: [UInt8]]) throws -> ONNXFile {
    try ONNXFile(ModelExport(artifacts).onnx())
  }

  /// Sequences beside each other, padded with what must not matter; without channels they are tokens.
  private static func padded(
    _ sequences: [[Double]], channels: Int? = nil, with padding: Double
  ) -> [String: ONNXFile.Array] {
    let width = channels ?? 1
    let time = (sequences.map(\.count).max() ?? 0) / width
    return [
      "lengths": ONNXFile.Array(
        shape: [sequences.count], elements: sequences.map { Double($0.count / width) }),
      channels == nil ? "tokens" : "values": ONNXFile.Array(
        shape: [sequences.count, time] + (channels.map { [$0] } ?? []),
        elements: sequences.flatMap {
          $0 + [Double](repeating: padding, count: time * width - $0.count)
        }),
    ]
  }

  @Test(arguments: Trained.kinds)
  func `a classifier of symbols gives our probabilities`(kind: Trained.Kind) throws {
    let dataset = try Generator.temporalOrder.dataset(count: 40, length: 12, seed: 1)
    guard case .symbols(let sequences, _) = dataset.inputs else { return }
    var model = kind.settings
    model.readout = .last
    let artifacts = try Trained.artifacts(dataset, model)
    let file = try Self.file(artifacts)
    #expect(file.version == 8 && file.opset == 17)
    #expect(file.graph.inputs.map(\.name) == ["tokens", "lengths"])
    #expect(file.graph.inputs.map(\.element) == [7, 7])
    #expect(file.graph.inputs.map(\.shape) == [["batch", "time"], ["batch"]])
    #expect(file.graph.outputs.map(\.name) == ["probabilities", "logits"])
    #expect(file.graph.outputs[0].shape == ["batch", "4"])
    let some = sequences.prefix(5).enumerated().map { Array($1.prefix(2 + 2 * $0)) }
    let inputs = Self.padded(some.map { $0.map(Double.init) }, with: 3)
    let evaluation = try ONNXEvaluation(file.graph, inputs)
    let found = try #require(evaluation["probabilities"]).elements
    let ours = try Predictor(artifacts).predict(symbols: some).flatMap {
      ($0.probabilities ?? []).map(\.probability)
    }
    #expect(found.count == ours.count && ours.count == 20)
    #expect(zip(found, ours).allSatisfy { abs($0 - $1) < 2e-6 })
    // A model that says the same of everything would agree by accident.
    #expect(Set(ours).count > 4)
  }

  @Test func `probabilities of the loss binary are shares of sigmoids`() throws {
    let dataset = try Generator.temporalOrder.dataset(count: 40, length: 12, seed: 1)
    guard case .symbols(let sequences, _) = dataset.inputs else { return }
    let artifacts = try Trained.artifacts(
      dataset, ModelSettings(cell: .gru, hidden: 5, embedding: 4), loss: .binary)
    let some = sequences.prefix(5).map { Array($0) }
    let evaluation = try ONNXEvaluation(
      Self.file(artifacts).graph, Self.padded(some.map { $0.map(Double.init) }, with: 3))
    let found = try #require(evaluation["probabilities"]).elements
    let logits = try #require(evaluation["logits"]).elements
    let ours = try Predictor(artifacts).predict(symbols: some).flatMap {
      ($0.probabilities ?? []).map(\.probability)
    }
    #expect(found.count == 20 && ours.count == 20)
    for first in stride(from: 0, to: 20, by: 4) {
      let sigmoids = logits[first..<first + 4].map { 1 / (1 + exp(-$0)) }
      let sum = sigmoids.reduce(0, +)
      for (label, sigmoid) in sigmoids.enumerated() {
        #expect(abs(found[first + label] - sigmoid / sum) < 2e-6)
        #expect(abs(ours[first + label] - sigmoid / sum) < 2e-6)
      }
    }
  }

  @Test(arguments: Trained.kinds, [ModelPlan.Readout.mean, .max])
  func `a regression of values gives our numbers`(
    kind: Trained.Kind, readout: ModelPlan.Readout
  ) throws {
    let dataset = try Generator.adding.dataset(count: 40, length: 10, seed: 1)
    guard case .values(let sequences, let channels) = dataset.inputs else { return }
    var model = kind.settings
    model.readout = readout
    let artifacts = try Trained.artifacts(dataset, model)
    let file = try Self.file(artifacts)
    #expect(file.graph.inputs[0].shape == ["batch", "time", "\(channels.count)"])
    #expect(file.graph.outputs.map(\.element) == [11])
    let some = sequences.prefix(5).enumerated().map { Array($1.prefix(2 * (1 + 2 * $0))) }
    let inputs = Self.padded(some.map { $0.map(Double.init) }, channels: 2, with: 0.7)
    let evaluation = try ONNXEvaluation(file.graph, inputs)
    let found = try #require(evaluation["numbers"]).elements
    let ours = try Predictor(artifacts).predict(values: some).flatMap { $0.numbers ?? [] }
    #expect(found.count == 5 && ours.count == 5)
    #expect(zip(found, ours).allSatisfy { abs($0 - $1) < 2e-6 })
    #expect(Set(ours).count == 5)
  }

  @Test func `the gates are in the order of ONNX`() throws {
    let dataset = try Generator.adding.dataset(count: 20, length: 5, seed: 1)
    // Here i, f, g, o and r, z, n; there i, o, f, c and z, r, h.
    for (cell, order) in [(ModelPlan.Cell.lstm, [0, 3, 1, 2]), (.gru, [1, 0, 2]), (.rnn, [0])] {
      let artifacts = try Trained.artifacts(
        dataset, ModelSettings(cell: cell, hidden: 3, embedding: 4))
      let graph = try Self.file(artifacts).graph
      let weights = try SafeTensors(decoding: artifacts[Artifact.Name.model] ?? [])
      func reordered(_ name: String, width: Int) -> [Double] {
        let elements = weights["recurrent.\(name)_l0"]?.elements ?? []
        let block = 3 * width
        return order.flatMap { elements[$0 * block..<($0 + 1) * block] }.map(Double.init)
      }
      let gates = order.count
      let weight = try #require(graph.constants["layer0.W"])
      #expect(weight.shape == [1, 3 * gates, 2])
      #expect(weight.elements == reordered("weight_ih", width: 2))
      let recurrent = try #require(graph.constants["layer0.R"])
      #expect(recurrent.shape == [1, 3 * gates, 3])
      #expect(recurrent.elements == reordered("weight_hh", width: 3))
      let bias = try #require(graph.constants["layer0.B"])
      #expect(bias.shape == [1, 6 * gates])
      #expect(bias.elements == reordered("bias_ih", width: 1) + reordered("bias_hh", width: 1))
      let node = try #require(graph.nodes.first { $0.operation == cell.rawValue.uppercased() })
      #expect(node.integer("hidden_size", else: 0) == 3)
      #expect(node.integers["linear_before_reset"] == (cell == .gru ? [1] : nil))
      #expect(node.inputs[4] == "lengths_int32")
    }
  }

  @Test func `peepholes are in the order of ONNX`() throws {
    let dataset = try Generator.adding.dataset(count: 20, length: 5, seed: 1)
    var model = ModelSettings(cell: .lstm, hidden: 3)
    (model.peepholes, model.bidirectional) = (true, true)
    let artifacts = try Trained.artifacts(dataset, model)
    let found = try #require(try Self.file(artifacts).graph.constants["layer0.P"])
    let weights = try SafeTensors(decoding: artifacts[Artifact.Name.model] ?? [])
    #expect(found.shape == [2, 9])
    for (direction, suffix) in ["", "_reverse"].enumerated() {
      let ours = weights["recurrent.weight_peephole_l0\(suffix)"]?.elements ?? []
      // i, f, o here; i, o, f there.
      let order = [0..<3, 6..<9, 3..<6].flatMap { ours[$0] }.map(Double.init)
      #expect(Array(found.elements[direction * 9..<direction * 9 + 9]) == order)
    }
  }

  @Test(arguments: Trained.cells)
  func `steps are tagged and the next token is foretold`(kind: Trained.Kind) throws {
    let copy = try Generator.copy.dataset(count: 30, length: 3, seed: 1)
    guard case .symbols(let sequences, _) = copy.inputs else { return }
    let tagger = try Trained.artifacts(copy, kind.settings)
    let graph = try Self.file(tagger).graph
    #expect(graph.outputs[0].shape.prefix(2) == ["batch", "time"])
    let some = sequences.prefix(4).enumerated().map { Array($1.prefix(2 + 3 * $0)) }
    let inputs = Self.padded(some.map { $0.map(Double.init) }, with: 0)
    let tags = try #require(
      try ONNXEvaluation(graph, inputs)["probabilities"])
    let (time, width) = (tags.shape[1], tags.shape[2])
    for (row, prediction) in try Predictor(tagger).predict(symbols: some).enumerated() {
      let steps = (0..<some[row].count).map { step in
        let start = (row * time + step) * width
        let probabilities = tags.elements[start..<start + width]
        let largest = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? start
        return "\(largest - start)"
      }
      #expect(prediction.steps == steps)
    }

    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "abcabd", count: 100)]), targets: .none)
    var tied = kind.settings
    (tied.embedding, tied.tied) = (5, true)
    let language = try Trained.artifacts(text, tied, DataPlan(maximumLength: 8))
    let file = try Self.file(language)
    #expect(file.graph.constants["head.weight"] == nil)
    let vocabulary = try #require(file.metadata["unroll.vocabulary"])
    #expect(vocabulary.hasPrefix(#"["<pad>","<unk>","#))
    let tokens = try #require(try ModelExport(language).vocabulary)
    let indices = "abcab".map { Double(tokens.firstIndex(of: String($0)) ?? 1) }
    let result = try #require(
      try ONNXEvaluation(
        file.graph,
        [
          "tokens": ONNXFile.Array(shape: [1, 5], elements: indices),
          "lengths": ONNXFile.Array(shape: [1], elements: [5]),
        ])["probabilities"])
    let ours = try #require(try Predictor(language).predict(texts: ["abcab"]).first?.probabilities)
    for candidate in ours {
      let index = try #require(tokens.firstIndex(of: candidate.label))
      #expect(abs(result.elements[4 * tokens.count + index] - candidate.probability) < 2e-6)
    }
  }

  @Test func `a forecast is in the data's units`() throws {
    var values: [Float] = []
    for step in 0..<120 { values += [Float(40 + 3 * (step % 7)), Float(step % 5)] }
    let series = Dataset(
      name: "s", inputs: .values([values], channels: ["a", "b"]), targets: .none)
    let model = ModelSettings(cell: .gru, hidden: 4)
    let data = DataPlan(window: 6, horizon: 3, target: "a")
    let artifacts = try Trained.artifacts(series, model, data)
    let windows = [0, 10, 20, 30].map { Array(values[$0..<$0 + 12]) }
    let inputs = Self.padded(windows.map { $0.map(Double.init) }, channels: 2, with: 0)
    let graph = try Self.file(artifacts).graph
    let found = try #require(try ONNXEvaluation(graph, inputs)["numbers"])
    #expect(found.shape == [4, 3])
    let ours = try Predictor(artifacts).predict(values: windows).flatMap { $0.numbers ?? [] }
    #expect(zip(found.elements, ours).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(ours.count == 12 && ours.allSatisfy { $0 > 30 && $0 < 70 })
  }

  @Test func `a file says what a program needs beside the graph`() throws {
    let artifacts = try Trained.artifacts(
      Trained.texts, ModelSettings(hidden: 4, embedding: 3), DataPlan(maximumLength: 7))
    let file = try Self.file(artifacts)
    #expect(file.metadata["unroll.task"] == "classify")
    #expect(file.metadata["unroll.labels"] == #"["ham","spam"]"#)
    #expect(file.metadata["unroll.encoding"]?.contains(#""maximum_length":7"#) == true)
    #expect(file.metadata["unroll.plan"]?.contains(#""hidden":4"#) == true)
  }
}

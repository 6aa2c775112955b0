import Search
import Testing

@Suite struct ChangingTests {
  static let points = """

    try:
      - {cell: rnn, nonlinearity: relu}
      - {cell: gru, layers: 2}
      - {cell: lstm, forget_bias: 2}
      - {layers: 1}
    """
  static let yaml = ConditionTests.yaml.replacing("search: grid", with: "trials: 20") + points

  private func changed(_ path: String, to value: Value) throws -> SweepSpec {
    try SweepSpec.changed(
      Example.parse(Self.yaml).json, path, to: value, file: "sweep 1", schema: Example.schema)
  }

  @Test func `a pinned parameter takes along what is there only beside other values`() throws {
    let spec = try changed("model.cell", to: "gru")
    #expect(
      spec.space.parameters.map(\.path) == [
        "model.cell", "model.layers", "training.momentum", "training.optimizer",
      ])
    #expect(
      spec.space["training.momentum"]?.conditions == [
        Condition("model.cell", in: ["gru"]), Condition("training.optimizer", in: ["sgd"]),
      ])
    #expect(
      spec.known == [
        Assignment(["model.cell": "gru", "model.layers": 2]), Assignment(["model.layers": 1]),
      ])
    // A setting that is not searched any more is what it is without a sweep.
    #expect(spec.settings(Assignment(["model.cell": "gru"]))["model.forget_bias"] == 1.0)
  }

  @Test func `a narrower choice keeps what it allows`() throws {
    let spec = try changed("model.cell", to: ["choice": ["lstm", "rnn"]])
    #expect(spec.space["model.nonlinearity"]?.conditions == [Condition("model.cell", in: ["rnn"])])
    #expect(spec.space["model.forget_bias"]?.conditions == [Condition("model.cell", in: ["lstm"])])
    #expect(
      spec.space["training.momentum"]?.conditions == [
        Condition("model.cell", in: ["rnn"]), Condition("training.optimizer", in: ["sgd"]),
      ])
    #expect(spec.known.count == 3)
  }

  @Test func `a pinned child keeps its condition, and its parent's other values`() throws {
    let spec = try changed("model.nonlinearity", to: "relu")
    #expect(spec.space["model.nonlinearity"]?.conditions == [Condition("model.cell", in: ["rnn"])])
    #expect(spec.space["model.nonlinearity"]?.distribution.count == 1)
    #expect(spec.known.count == 4)
  }

  @Test func `a value that makes no sense is told of as it stands`() {
    let message = #expect(throws: SpecErrors.self) { try changed("model.cell", to: "lsmt") }
    #expect(message?.description.contains("model.cell") == true)
    #expect(message?.description.contains("lstm") == true)
  }
}

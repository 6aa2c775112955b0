import Search
import Testing

@Suite struct ConditionTests {
  static let yaml = """
    dataset: a
    search: grid
    model:
      cell: {choice: [rnn, lstm, gru]}
      nonlinearity: {choice: [tanh, relu], when: {cell: rnn}}
      forget_bias: {step: [0, 2, 1], when: {model.cell: [lstm]}}
      layers: {int: [1, 2]}
    training:
      optimizer: {choice: [adam, sgd]}
      momentum: {choice: [0.5, 0.9], when: {optimizer: [sgd, rmsprop], model.cell: [gru, rnn]}}
    """.replacing("[sgd, rmsprop]", with: "sgd")

  @Test func `conditions are read in full and relative to their section`() throws {
    let spec = try Example.parse(Self.yaml)
    #expect(spec.space["model.nonlinearity"]?.conditions == [Condition("model.cell", in: ["rnn"])])
    #expect(
      spec.space["training.momentum"]?.conditions == [
        Condition("model.cell", in: ["gru", "rnn"]), Condition("training.optimizer", in: ["sgd"]),
      ])
    #expect(try Example.parse(spec.json) == spec)
    #expect(try Example.parse(spec.json).space == spec.space)
  }

  @Test func `a constraint says nothing of a setting that is not there`() throws {
    let spec = try Example.parse(
      """
      dataset: a
      trials: 40
      model: {cell: {choice: [rnn, lstm]}}
      training: {clip_norm: {uniform: [0.1, 2], when: {model.cell: rnn}}}
      constraints: [clip_norm < 1]
      """)
    let points = (0..<40).compactMap {
      RandomSampler(spec.space, seed: 1).suggest(trial: $0)?.assignment
    }
    #expect(points.contains { $0["model.cell"] == "lstm" })
    let clipped = points.compactMap { $0["training.clip_norm"]?.number }
    #expect(clipped.count > 5 && clipped.allSatisfy { $0 < 1 })
    let changed = try SweepSpec.changed(
      spec.json, "model.cell", to: "lstm", file: "sweep 1", schema: Example.schema)
    #expect(changed.space.parameters.map(\.path) == ["model.cell"])
  }

  @Test func `a setting that is not there keeps its default`() throws {
    let spec = try Example.parse(Self.yaml)
    let there = spec.settings(Assignment(["model.cell": "lstm", "model.forget_bias": 2.0]))
    #expect(there["model.forget_bias"] == 2.0)
    #expect(there["training.momentum"] == 0.0)
    #expect(there["model.nonlinearity"] == "tanh")
    #expect(spec.settings(Assignment(["model.cell": "gru"]))["model.forget_bias"] == 1.0)
  }

  @Test func `a grid has each point once, and none for what is not there`() throws {
    let spec = try Example.parse(Self.yaml)
    // rnn: 2 activations · (adam 1 + sgd 2); lstm: 3 biases · 2 optimizers; gru: 1 + 2. Two layers.
    #expect(spec.trials == 2 * (2 * 3 + 3 * 2 + 3))
    try Self.expectWholeGrid(spec)
  }

  /// Compares a grid with all combinations of all values, made in the simplest way.
  static func expectWholeGrid(_ spec: SweepSpec) throws {
    var points: [[String: Value]] = [[:]]
    for place in spec.space.drawOrder {
      let parameter = spec.space.parameters[place]
      let count = try #require(parameter.distribution.count)
      points = points.flatMap { point -> [[String: Value]] in
        guard spec.space.isPresent(parameter, given: { point[$0] }) else { return [point] }
        return (0..<count).map { index in
          point.merging([parameter.path: parameter.distribution.value(at: index)]) { $1 }
        }
      }
    }
    let wanted = points.map(Assignment.init).filter(spec.space.isAllowed)
    let grid = try #require(GridSampler(spec.space))
    #expect(grid.count == wanted.count)
    #expect(spec.space.size == .points(wanted.count))
    let found = (0..<grid.count).compactMap { grid.suggest(trial: $0)?.assignment }
    #expect(Set(found) == Set(wanted))
    #expect(Set(found).count == found.count)
    #expect(found.allSatisfy(spec.space.contains))
    #expect(grid.suggest(trial: grid.count) == nil)
  }

  static let grids = [
    // Nested
    """
    model:
      cell: {choice: [rnn, lstm, gru]}
      layers: {int: [1, 3], when: {cell: [rnn, gru]}}
      hidden: {step: [16, 64, 16], when: {layers: [2, 3]}}
      dropout: {choice: [0.1, 0.2], when: {hidden: 32, cell: gru}}
    """,
    // Constraints over some, with a fixed setting
    """
    model: {hidden: {step: [16, 128, 16]}, layers: {int: [1, 8]}, embedding: {choice: [5, 50]}}
    training: {batch: 32}
    constraints: [hidden * layers <= 512, batch * layers < 200 or embedding == 5]
    """,
    // Constraints over conditional ones: their defaults count where they are not there
    """
    model:
      cell: {choice: [rnn, lstm]}
      forget_bias: {step: [0, 3, 1], when: {cell: lstm}}
      layers: {int: [1, 4]}
      readout: {choice: [last, mean]}
    constraints:
    - layers > forget_bias
    - cell == "lstm" or layers % 2 == 0
    """,
    "model: {cell: {ordinal: [rnn, gru, lstm]}, dropout: {uniform: [0, 0.5], by: 0.1}}",
    """
    training: {clip_norm: {choice: [~, 1, 5]}, epochs: {int: [1, 3]}}
    constraints: [clip_norm == null or clip_norm > epochs]
    """,
  ]

  @Test(arguments: grids) func `a grid has the points that counting by hand has`(text: String)
    throws
  {
    let spec = try Example.parse("dataset: a\nsearch: grid\n" + text)
    try Self.expectWholeGrid(spec)
    #expect(try Example.parse(spec.json) == spec)
    #expect(try Example.parse(spec.json).space == spec.space)
  }

  @Test func `a large grid costs nothing where nothing ties it together`() throws {
    let space = Space(
      (0..<8).map { Parameter("p\($0)", .integers(low: 0, high: 99, step: 1)) }
        + [
          Parameter("q", .integers(low: 0, high: 9, step: 1), when: [Condition("p7", in: [5, 6])])
        ])
    // 10^14 · (98 + 2 · 10)
    #expect(space.size == .points(100_000_000_000_000 * 118))
    let grid = try #require(GridSampler(space))
    let last = try #require(grid.suggest(trial: grid.count - 1)?.assignment)
    #expect(last["p0"] == 99 && last["p7"] == 99 && last["q"] == nil)
    #expect(grid.suggest(trial: 5)?.assignment["q"] == 0)
    #expect(grid.suggest(trial: 14)?.assignment["q"] == 9)
  }

  @Test func `conditions that cannot be counted through do not hang`() {
    // The states in which 30 others may be there or not: all combinations matter for the last one.
    let parents = (0..<30).map { Parameter("a\($0 + 10)", .choice([0, 1])) }
    let children = parents.map {
      Parameter("b\($0.path)", .choice([0, 1]), when: [Condition($0.path, in: [1])])
    }
    let last = Parameter("c", .choice([0, 1]), when: children.map { Condition($0.path, in: [1]) })
    #expect(Space(parents + children).size == .points(205_891_132_094_649))
    #expect(Space(parents + children + [last]).size == .uncountable)
  }

  @Test func `random points have what is there`() throws {
    let spec = try Example.parse(
      Self.yaml.replacing("search: grid", with: "trials: 300")
        + "\nconstraints: [layers == 1 or cell != 'gru']")
    var sampler = spec.makeSampler()
    var cells: Set<Value> = []
    for trial in 0..<300 {
      let point = try #require(sampler.suggest(trial: trial)?.assignment)
      #expect(spec.space.contains(point))
      cells.insert(try #require(point["model.cell"]))
    }
    #expect(cells == ["rnn", "lstm", "gru"])
    #expect(
      sampler.suggest(trial: 7)?.assignment == spec.makeSampler().suggested(7)?.assignment)
  }

  @Test func `what is decided is no condition`() throws {
    let spec = try Example.parse(
      """
      dataset: a
      trials: 3
      model: {cell: lstm, forget_bias: {uniform: [0, 2], when: {cell: [lstm, gru]}}}
      constraints: [layers < 2]
      """)
    #expect(spec.space == Space([Parameter("model.forget_bias", .uniform(low: 0, high: 2))]))
    #expect(!spec.json.contains("when") && !spec.json.contains("constraints"))
  }
}

extension Sampler {
  /// What a fresh copy suggests.
  fileprivate func suggested(_ trial: Int) -> Suggestion? {
    var copy = self
    return copy.suggest(trial: trial)
  }
}

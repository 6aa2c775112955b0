import Postgres
import Search
import Store
import TestSupport
import Testing

/// PED-ANOVA in SQL against PED-ANOVA in Swift.
@Suite struct ImportanceTests {
  static let space = Space([
    Parameter("probe.every", .choice(["epoch", "never"])),
    Parameter("training.classes", .choice([1, 2.5, "four", .null, true])),
    Parameter("training.count", .integers(low: -3, high: 4, step: 1)),
    Parameter("training.doubling", .logIntegers(low: 1, high: 300)),
    Parameter("training.fraction", .steps(low: 0.1, high: 0.75, step: 0.1)),
    Parameter("training.linear", .uniform(low: -1, high: 3)),
    Parameter("training.many", .logSteps(low: 1, high: 100, step: 0.5)),
    Parameter("training.only", .choice(["a"])),
    Parameter("training.order", .ordinal([1, 2, 4, 8])),
    Parameter("training.rate", .logUniform(low: 1e-5, high: 1e-1)),
    Parameter("training.several", .logSteps(low: 0.5, high: 4, step: 0.5)),
    Parameter("training.sixteens", .integers(low: 16, high: 2048, step: 16)),
    Parameter(
      "training.sometimes", .uniform(low: 0, high: 1),
      when: [Condition("probe.every", in: ["epoch"])]),
  ])

  /// The space as a spec says it; the first parameter in short.
  private static var spec: String {
    let fields = space.parameters.dropFirst().map { parameter in
      "\"\(parameter.path.dropFirst("training.".count))\":\(parameter.distribution.value.json)"
    }
    let short = space.parameters[0].distribution.value.json
    return ",\"probe\":\(short),\"training\":{\(fields.joined(separator: ","))}"
  }

  private static func loss(_ trial: Int, _ assignment: Assignment) -> Double {
    let rate = Exponential.log(assignment["training.rate"]?.number ?? 1)
    let linear = assignment["training.linear"]?.number ?? 0
    let noise = Double(trial * 7919 % 101) / 50
    return (rate + 7) * (rate + 7) + linear + noise
      + (assignment["training.sometimes"]?.number ?? 1)
  }

  @Test(.scratchDatabase, arguments: ["minimize", "maximize"])
  func `SQL and Swift agree`(goal: String) throws {
    let fixture = try Fixture()
    let sampler = RandomSampler(Self.space, seed: 5)
    let assignments = try (0..<90).map { try #require(sampler.suggest(trial: $0)).assignment }
    let sweep = try fixture.sweep(trials: 90, goal: goal, Self.spec) { assignments[$0].json }
    let sign: Double = goal == "minimize" ? 1 : -1
    var trials: [ScoredTrial] = []
    for claim in try fixture.claims(try fixture.worker(), 90) {
      let assignment = assignments[claim.number]
      let loss = claim.number % 30 == 0 ? .nan : Self.loss(claim.number, assignment)
      try fixture.succeed(claim.lease, sign * loss)
      trials.append((assignment, loss))
    }
    for quantile in [0.1, 0.35] {
      let found = try fixture.database.importance(sweep: sweep, quantile: quantile)
      let expected = Importance.pedANOVA(Self.space, trials, quantile: quantile)
      #expect(found.map(\.name) == expected.map(\.path))
      #expect(found.map(\.trials) == expected.map(\.trials))
      for (row, importance) in zip(found, expected) {
        #expect(abs(row.importance - importance.share) < 1e-9, "\(row.name) at \(quantile)")
      }
      #expect(abs(found.reduce(0) { $0 + $1.importance } - 1) < 1e-12)
    }
    let rows = try fixture.database.json(.importance(sweep: sweep))
    #expect(rows.count == Self.space.parameters.count)
    #expect(rows.allSatisfy { $0.text.contains("\"importance\": ") })
  }

  @Test(.scratchDatabase) func `settings that the spec does not tell of are ranged as observed`()
    throws
  {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 40) { number in
      #"{"model.hidden":\#(number),"other.kind":"\#(["a", "b"][number % 2])","same":7}"#
    }
    for claim in try fixture.claims(try fixture.worker(), 40) {
      try fixture.succeed(claim.lease, Double(claim.number))
    }
    let found = try fixture.database.importance(sweep: sweep)
    #expect(found.map(\.name) == ["model.hidden", "other.kind", "same"])
    #expect(try #require(found.first).importance > 0.9)
    #expect(try #require(found.last).importance == 0)
  }

  @Test(.scratchDatabase)
  func `what a parameter cannot have since its range was changed does not count`()
    throws
  {
    let space = Space([
      Parameter("training.batch", .integers(low: 16, high: 64, step: 1)),
      Parameter("training.rate", .logUniform(low: 1e-4, high: 1e-1)),
      Parameter("training.weight_decay", .logUniform(low: 1e-6, high: 1e-2)),
    ])
    // The best ones are those from before the change.
    let assignments = (0..<40).map { (number: Int) -> Assignment in
      let isOld = number < 20
      let batch: Value = isOld ? "all" : .number(Double(16 + number))
      let decay: Value = .number(isOld ? 0 : 0.0001)
      return Assignment([
        "training.batch": batch, "training.rate": .number(0.001 * Double(1 + number)),
        "training.weight_decay": decay,
      ])
    }
    let fixture = try Fixture()
    let fields = space.parameters.map {
      "\"\($0.path.dropFirst("training.".count))\":\($0.distribution.value.json)"
    }
    let sweep = try fixture.sweep(
      trials: 40, goal: "minimize", #","training":{\#(fields.joined(separator: ","))}"#
    ) { assignments[$0].json }
    var trials: [ScoredTrial] = []
    for claim in try fixture.claims(try fixture.worker(), 40) {
      try fixture.succeed(claim.lease, Double(claim.number))
      trials.append((assignments[claim.number], Double(claim.number)))
    }
    let found = try fixture.database.importance(sweep: sweep)
    let expected = Importance.pedANOVA(space, trials)
    #expect(found.map(\.name) == expected.map(\.path))
    #expect(found.map(\.trials) == [40, 20, 20] && expected.map(\.trials) == [40, 20, 20])
    #expect(found.map(\.importance) == [1, 0, 0])
  }

  @Test(.scratchDatabase) func `nothing is said of nothing`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 2)
    #expect(try fixture.database.importance(sweep: sweep) == [])
    #expect(try fixture.database.importance(sweep: sweep + 1) == [])
    try fixture.succeed(try fixture.claim(try fixture.worker()).lease)
    #expect(try fixture.database.importance(sweep: sweep).map(\.importance) == [0.5, 0.5])
    for quantile in [0, 1, -0.1, .nan] {
      let error = try storeError {
        _ = try fixture.database.importance(sweep: sweep, quantile: quantile)
      }
      #expect(error.message.contains("above 0 and below 1"))
    }
  }

  @Test(.scratchDatabase) func `final metrics are those of a split`() throws {
    let fixture = try Fixture()
    let sweep = try fixture.sweep(trials: 2)
    for claim in try fixture.claims(try fixture.worker(), 2) {
      try fixture.succeed(claim.lease, 0.5 + Double(claim.number) / 4)
    }
    let found = try fixture.database.finalMetrics(sweep: sweep, split: "validation")
    #expect(found.map(\.name) == ["accuracy", "accuracy"])
    #expect(found.map(\.value) == [0.5, 0.75])
  }

  @Test(
    .scratchDatabase,
    arguments: [
      // Pinned after others were tried: the range of those.
      (#"{"choice": [0.05]}"#, "[0.001, 0.05, 0.1]", "0.001 0.1 50"),
      (#"{"choice": [0.05]}"#, "[0.05]", "[0.05] 1"),
      (#"{"choice": ["gru"]}"#, #"["gru", "lstm"]"#, #"["gru", "lstm"] 2"#),
      (#"{"choice": ["gru", "rnn", "lstm"]}"#, #"["gru", "lstm"]"#, #"["gru", "rnn", "lstm"] 3"#),
    ])
  func `a parameter that was pinned has the values that were tried`(
    distribution: String, observed: String, grid: String
  ) throws {
    let fixture = try Fixture()
    let found: String = try fixture.connection.query(
      """
      select concat_ws(' ', g.classes, g.low, g.high, g.cells)
      from unroll_internal.importance_grid(
        jsonb_build_object('training', jsonb_build_object('rate', $1::jsonb)), 'training.rate',
        $2::jsonb) g
      """, [distribution, observed]
    ).one()[0]
    #expect(found == grid)
  }
}

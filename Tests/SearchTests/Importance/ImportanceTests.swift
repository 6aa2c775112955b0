import Search
import Testing

@Suite struct ImportanceTests {
  /// A space and trials drawn at random in it.
  private func history(
    _ space: Space, trials: Int, seed: UInt64 = 1, _ loss: (Assignment) -> Double
  ) -> [ScoredTrial] {
    let sampler = RandomSampler(space, seed: seed)
    return (0..<trials).compactMap { trial in
      sampler.suggest(trial: trial).map { ($0.assignment, loss($0.assignment)) }
    }
  }

  private func number(_ assignment: Assignment, _ path: String) -> Double {
    assignment[path]?.number ?? 0
  }

  private let square = Space([
    Parameter("x", .uniform(low: 0, high: 1)), Parameter("y", .uniform(low: 0, high: 1)),
    Parameter("z", .choice(["a", "b", "c"])),
  ])

  // MARK: - PED-ANOVA

  @Test func `PED-ANOVA agrees with Optuna's`() throws {
    let space = Space([
      Parameter("cell", .choice(["rnn", "lstm", "gru"])),
      Parameter("dropout", .steps(low: 0, high: 0.6, step: 0.1)),
      Parameter("hidden", .logIntegers(low: 2, high: 9)),
      Parameter("layers", .integers(low: 1, high: 4, step: 1)),
      Parameter("momentum", .uniform(low: 0.5, high: 1)),
      Parameter("peephole", .choice([true, false]), when: [Condition("cell", in: ["lstm"])]),
      Parameter("rate", .logUniform(low: 1e-4, high: 1e-1)),
      Parameter("window", .integers(low: 16, high: 1024, step: 16)),
    ])
    let fixture = try OptunaHistory()
    #expect(fixture.trials.allSatisfy { space.contains($0.assignment) })
    #expect(fixture.cases.count == 6)
    for example in fixture.cases {
      let trials = Array(fixture.trials[..<example.trials])
      let found = Importance.pedANOVA(space, trials, quantile: example.quantile)
      #expect(found.count == example.importance.count)
      for importance in found {
        let share = try #require(example.importance[importance.path])
        #expect(abs(importance.share - share) < 1e-9, "\(importance.path) of \(example.trials)")
      }
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.share >= $1.share })
    }
  }

  @Test func `the parameter that the loss depends on has nearly all importance`() {
    let found = Importance.pedANOVA(square, history(square, trials: 400) { number($0, "x") })
    #expect(found.first?.path == "x")
    #expect(found[0].share > 0.9)
    #expect(abs(found.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(found.allSatisfy { $0.trials == 400 })
  }

  @Test func `a class that all of the best have matters`() {
    let trials = history(square, trials: 400) { $0["z"] == "b" ? 0 : 1 }
    #expect(Importance.pedANOVA(square, trials).first?.path == "z")
  }

  @Test func `where nothing can be told apart, shares are equal`() {
    let trials = history(square, trials: 30) { _ in 1 }
    let equal = Array(repeating: 1.0 / 3, count: 3)
    #expect(Importance.pedANOVA(square, trials).map(\.share) == equal)
    #expect(Importance.pedANOVA(square, Array(trials.prefix(1))).map(\.path) == ["x", "y", "z"])
    #expect(Importance.pedANOVA(square, []) == [])
    #expect(Importance.pedANOVA(square, [(trials[0].assignment, .nan)]) == [])
  }

  @Test func `losses that are no numbers do not count`() {
    let trials = history(square, trials: 100) { number($0, "x") }
    let spoiled = trials + history(square, trials: 40, seed: 2) { _ in .nan }
    let infinite = spoiled + history(square, trials: 40, seed: 3) { _ in -.infinity }
    #expect(Importance.pedANOVA(square, infinite) == Importance.pedANOVA(square, trials))
  }

  @Test func `a parameter with a single value has no importance`() {
    let space = Space([
      Parameter("only", .choice(["a"])), Parameter("one", .integers(low: 3, high: 3, step: 1)),
      Parameter("same", .logIntegers(low: 7, high: 7)), Parameter("x", .uniform(low: 0, high: 1)),
    ])
    let found = Importance.pedANOVA(space, history(space, trials: 60) { number($0, "x") })
    #expect(found.map(\.share) == [1, 0, 0, 0])
    let forest = FANOVA(space, history(space, trials: 60) { number($0, "x") }).importances
    #expect(forest.map(\.path) == ["x", "one", "only", "same"])
    #expect(forest[0].share > 1 - 1e-12)
  }

  // MARK: - fANOVA

  @Test func `fANOVA finds the shares of an additive function`() throws {
    // Variances of x, 2 y and a class of three: 1/12, 4/12 and (with 0, 0, 1) 2/9.
    let trials = history(square, trials: 1500) {
      number($0, "x") + 2 * number($0, "y") + ($0["z"] == "c" ? 1 : 0)
    }
    let found = FANOVA(square, trials, trees: 16)
    let shares = Dictionary(
      uniqueKeysWithValues: found.importances.map { ($0.path, $0.share) })
    let total = 1 / 12.0 + 4 / 12.0 + 2 / 9.0
    for (path, variance) in [("x", 1 / 12.0), ("y", 4 / 12.0), ("z", 2 / 9.0)] {
      #expect(abs(try #require(shares[path]) - variance / total) < 0.02, "\(path)")
    }
    #expect(found.interactions.allSatisfy { $0.share < 0.02 })
  }

  @Test func `fANOVA finds what acts only together`() {
    // (x − ½)(y − ½): each alone has no influence at all.
    let trials = history(square, trials: 1500) { (number($0, "x") - 0.5) * (number($0, "y") - 0.5) }
    let found = FANOVA(square, trials, trees: 8)
    #expect(found.interactions.first?.paths == ["x", "y"])
    #expect((found.interactions.first?.share ?? 0) > 0.8)
  }

  @Test func `fANOVA sees a logarithmic parameter on its own scale`() throws {
    // log₁₀ rate in −4…−2 and x in 0…2 have the same variance.
    let space = Space([
      Parameter("rate", .logUniform(low: 1e-4, high: 1e-2)),
      Parameter("width", .logIntegers(low: 1, high: 1000)),
      Parameter("x", .steps(low: 0, high: 2, step: 0.01)),
    ])
    let trials = history(space, trials: 1000) {
      Exponential.log(number($0, "rate")) / Exponential.log(10) + number($0, "x")
    }
    let found = FANOVA(space, trials, trees: 8).importances
    #expect(found.last?.path == "width")
    #expect(abs(found[0].share - 0.5) < 0.05)
    #expect(abs(found[1].share - 0.5) < 0.05)
  }

  @Test func `fANOVA takes absence for a class`() throws {
    let space = Space([
      Parameter("x", .uniform(low: 0, high: 1)), Parameter("y", .choice(["a", "b"])),
    ])
    let drawn = history(space, trials: 500) { number($0, "x") }
    let trials: [ScoredTrial] = drawn.enumerated().map { index, trial in
      index % 3 == 0 ? (Assignment(["y": trial.assignment["y"] ?? "a"]), 2) : trial
    }
    let found = FANOVA(space, trials, trees: 8)
    let x = try #require(found.importances.first { $0.path == "x" })
    #expect(x.share > 0.99)
    #expect(x.trials == trials.count { $0.assignment["x"] != nil })
  }

  @Test func `a forest is the same each time, and another with another seed`() {
    let trials = history(square, trials: 80) { number($0, "x") + number($0, "y") }
    let first = FANOVA(square, trials, trees: 4, seed: 3)
    #expect(first.importances == FANOVA(square, trials, trees: 4, seed: 3).importances)
    #expect(first.importances != FANOVA(square, trials, trees: 4, seed: 4).importances)
    #expect(first.interactions.count == 3)
  }

  @Test func `fANOVA of nothing or of one loss tells nothing apart`() {
    #expect(FANOVA(square, []).importances == [])
    let same = FANOVA(square, history(square, trials: 20) { _ in 2 })
    #expect(same.importances.map(\.share) == Array(repeating: 1.0 / 3, count: 3))
    #expect(same.interactions.map(\.share) == [0, 0, 0])
  }
}

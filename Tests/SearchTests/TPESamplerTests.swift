import Philox
import Testing

@testable import Search

@Suite struct TPESamplerTests {
  static let space = SobolTests.space

  /// How good a point is: the best is an lstm with rate 1e-3, gate 1 and little of everything else.
  static func loss(_ point: Assignment) -> Double {
    let rate = Exponential.log(point["rate"]?.number ?? 1) - Exponential.log(1e-3)
    let gate = (point["gate"]?.number ?? 3) - 1
    let hidden = Exponential.log(point["hidden"]?.number ?? 1)
    return rate * rate + gate * gate + hidden / 8 + (point["dropout"]?.number ?? 0)
  }

  /// A history of so many trials of which each tenth was pruned, each eleventh failed.
  static func history(_ count: Int, seed: UInt64 = 1) -> [Observation] {
    let sampler = RandomSampler(space, seed: seed)
    return (0..<count).compactMap { trial in
      sampler.suggest(trial: trial).map { suggestion in
        let loss = loss(suggestion.assignment)
        let outcome: Outcome =
          trial % 11 == 10
          ? .failed : trial % 10 == 9 ? .pruned([loss], epochs: trial % 7) : .completed([loss])
        return Observation(trial: trial, assignment: suggestion.assignment, outcome: outcome)
      }
    }
  }

  @Test(arguments: [9, 40, 300, 500])
  func `a sampler that reads the rows again goes on the same way`(count: Int) {
    var options = TPEOptions()
    options.mostRest = 350
    var steady = TPESampler(Self.space, options, seed: 3)
    var suggestion: Suggestion?
    for observation in Self.history(count) {
      // First running, then ended, with questions in between.
      steady.observe(
        Observation(
          trial: observation.trial, assignment: observation.assignment, outcome: .running))
      _ = steady.suggest(trial: 7000)
      steady.observe(observation)
      suggestion = steady.suggest(trial: count)
    }
    var fresh = TPESampler(Self.space, options, seed: 3)
    for observation in Self.history(count).shuffled() { fresh.observe(observation) }
    let again = [fresh.suggest(trial: count), fresh.suggest(trial: count)]
    #expect(again == [suggestion, suggestion])
    #expect(suggestion.map(\.assignment).map(Self.space.contains) == true)
    var other = TPESampler(Self.space, seed: 4)
    for observation in Self.history(count) { other.observe(observation) }
    let different = other.suggest(trial: count)
    #expect(different?.assignment != suggestion?.assignment)
  }

  @Test func `the first points are spread evenly`() throws {
    var sampler = TPESampler(Self.space, seed: 3)
    let suggestion = sampler.suggest(trial: 0)
    let first = try #require(suggestion)
    #expect(first.assignment == SobolSampler(Self.space, seed: 3).suggest(trial: 0)?.assignment)
    #expect(
      first.reason == "point 1 of an even spread with seed 3; 0 of the first 10 have ended")
    var options = TPEOptions.optuna
    options.startupTrials = 2
    var random = TPESampler(Self.space, options, seed: 3)
    let fifth = random.suggest(trial: 5)
    #expect(
      fifth?.assignment == RandomSampler(Self.space, seed: 3).suggest(trial: 5)?.assignment)
  }

  @Test func `parameters that are there together are drawn together`() {
    #expect(
      ParameterGroup.places(of: Self.space, areJoined: true).map { group in
        group.map { Self.space.parameters[$0].path }
      } == [["cell", "dropout", "hidden", "layers", "rate"], ["gate"]])
    #expect(ParameterGroup.places(of: Self.space, areJoined: false).count == 6)
  }

  @Test func `it finds what random points do not`() throws {
    var best: [Double] = []
    var bestAtRandom: [Double] = []
    for seed in 0..<8 as Range<UInt64> {
      var sampler = TPESampler(Self.space, seed: seed)
      var losses: [Double] = []
      for trial in 0..<60 {
        let suggestion = sampler.suggest(trial: trial)
        let point = try #require(suggestion).assignment
        losses.append(Self.loss(point))
        sampler.observe(
          Observation(trial: trial, assignment: point, outcome: .completed([Self.loss(point)])))
      }
      best.append(losses.min() ?? .infinity)
      let random = RandomSampler(Self.space, seed: seed)
      let drawn = (0..<60).compactMap { random.suggest(trial: $0).map { Self.loss($0.assignment) } }
      bestAtRandom.append(drawn.min() ?? .infinity)
    }
    #expect(best.sorted()[4] < 0.6 * bestAtRandom.sorted()[4])
  }

  @Test func `trials that run keep others away`() {
    let space = Space([Parameter("x", .uniform(low: 0, high: 1))])
    func share(_ constantLiar: Bool) -> Int {
      var options = TPEOptions()
      options.constantLiar = constantLiar
      var sampler = TPESampler(space, options, seed: 1)
      for trial in 0..<20 {
        let x = Double(trial) / 20
        sampler.observe(
          Observation(
            trial: trial, assignment: Assignment(["x": .number(x)]),
            outcome: .completed([abs(x - 0.5)])))
      }
      for trial in 20..<40 {
        sampler.observe(
          Observation(trial: trial, assignment: Assignment(["x": 0.5]), outcome: .running))
      }
      let points = (40..<140).compactMap { sampler.suggest(trial: $0)?.assignment["x"]?.number }
      return points.filter { abs($0 - 0.5) < 0.05 }.count
    }
    #expect(share(true) < share(false) / 2)
  }

  @Test func `several objectives lead to their front`() throws {
    let space = Space([
      Parameter("x", .uniform(low: 0, high: 1)), Parameter("y", .uniform(low: 0, high: 1)),
    ])
    var sampler = TPESampler(space, objectives: 2, seed: 1)
    var distances: [Double] = []
    for trial in 0..<120 {
      let suggestion = sampler.suggest(trial: trial)
      let point = try #require(suggestion).assignment
      let (x, y) = (point["x"]?.number ?? 0, point["y"]?.number ?? 0)
      distances.append(y)
      sampler.observe(
        Observation(
          trial: trial, assignment: point, outcome: .completed([x + 3 * y, 1 - x + 3 * y])))
    }
    // The front is y = 0, at any x.
    #expect(distances.suffix(60).reduce(0, +) / 60 < 0.2)
  }

  @Test func `a reason says what a person needs`() throws {
    var sampler = TPESampler(Self.space, seed: 3)
    for observation in Self.history(50) { sampler.observe(observation) }
    let suggestion = sampler.suggest(trial: 50)
    let reason = try #require(suggestion).reason
    #expect(reason.hasPrefix("near "))
    #expect(reason.contains(" of the 5 best of 46 trials, "))
    #expect(
      reason.hasSuffix(" times as likely among them as among the others; the best of 24 candidates")
    )
  }

  @Test func `a space without parameters has one point`() {
    var sampler = TPESampler(Space(), seed: 1)
    for trial in 0..<20 {
      sampler.observe(
        Observation(trial: trial, assignment: Assignment(), outcome: .completed([1])))
    }
    let suggestion = sampler.suggest(trial: 20)
    #expect(suggestion?.assignment == Assignment())
  }
}

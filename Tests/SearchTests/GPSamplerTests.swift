import Philox
import Testing

@testable import Search

@Suite struct GPSamplerTests {
  private static let plain = Space([
    Parameter("rate", .logUniform(low: 1e-5, high: 0.1)),
    Parameter("hidden", .logIntegers(low: 8, high: 512)),
    Parameter("layers", .integers(low: 1, high: 9, step: 2)),
    Parameter("dropout", .steps(low: 0, high: 0.8, step: 0.1)),
    Parameter("cell", .choice(["rnn", "lstm", "gru"])),
  ])
  private static let conditional = Space([
    Parameter("optimizer", .choice(["sgd", "adam"])),
    Parameter("momentum", .uniform(low: 0, high: 1), when: [Condition("optimizer", in: ["sgd"])]),
    Parameter("nesterov", .choice([true, false]), when: [Condition("optimizer", in: ["sgd"])]),
    Parameter("beta", .uniform(low: 0, high: 1), when: [Condition("optimizer", in: ["adam"])]),
    Parameter("rate", .logUniform(low: 1e-4, high: 1)),
  ])

  private func loss(_ assignment: Assignment) -> Double {
    assignment.reduce(0.0) { sum, entry in
      switch entry.value {
      case .string(let text): sum + Double(text.count) / 10
      case .boolean(let value): sum + (value ? 0 : 0.2)
      default:
        sum + (Exponential.log(1 + (entry.value.number ?? 0)) - 0.3)
          * (Exponential.log(1 + (entry.value.number ?? 0)) - 0.3)
      }
    }
  }

  /// Runs a search of so many trials and gives back what was observed, running trials included.
  private func search(
    _ sampler: inout GPSampler, trials: Int, batch: Int = 1,
    outcome: (Int, Assignment) -> Outcome
  ) throws -> [Observation] {
    var observations: [Observation] = []
    for first in stride(from: 0, to: trials, by: batch) {
      var pending: [(Int, Assignment)] = []
      for trial in first..<min(first + batch, trials) {
        let assignment = try next(&sampler, trial).assignment
        observations.append(
          Observation(trial: trial, assignment: assignment, outcome: .running))
        sampler.observe(observations[observations.count - 1])
        pending.append((trial, assignment))
      }
      for (trial, assignment) in pending.reversed() {
        observations.append(
          Observation(trial: trial, assignment: assignment, outcome: outcome(trial, assignment)))
        sampler.observe(observations[observations.count - 1])
      }
    }
    return observations
  }

  private func next(_ sampler: inout GPSampler, _ trial: Int) throws -> Suggestion {
    let suggestion = sampler.suggest(trial: trial)
    return try #require(suggestion)
  }

  private func outcome(_ trial: Int, _ assignment: Assignment) -> Outcome {
    switch trial % 7 {
    case 3: .failed
    case 5: .pruned([loss(assignment) + 0.1], epochs: 2)
    default: .completed([loss(assignment)])
    }
  }

  @Test(arguments: [plain, conditional]) func `every suggestion is a point of the space`(
    space: Space
  ) throws {
    var sampler = GPSampler(space, seed: 4)
    let seen = try search(&sampler, trials: 24, batch: 3, outcome: outcome)
    for observation in seen { #expect(space.contains(observation.assignment)) }
  }

  @Test(arguments: [plain, conditional]) func `positions and assignments are each other's inverse`(
    space: Space
  ) throws {
    let encoding = PointEncoding(space)
    let draw = RandomSampler(space, seed: 6)
    for trial in 0..<200 {
      let assignment = try #require(draw.suggest(trial: trial)).assignment
      let positions = try #require(encoding.positions(assignment))
      let again = encoding.assignment(positions)
      #expect(space.contains(again))
      for (entry, other) in zip(assignment, again) {
        guard case .number(let number) = entry.value, encoding.space[entry.path] != nil else {
          #expect(entry == other)
          continue
        }
        #expect(abs((other.value.number ?? .nan) - number) <= 1e-12 * abs(number))
      }
      #expect(encoding.features(positions).count == encoding.isCategory.count)
    }
    #expect(encoding.positions(Assignment(["other": 1])) == nil)
  }

  @Test func `what is not there has a fixed number and an indicator`() throws {
    let encoding = PointEncoding(Self.conditional)
    // In the order of the paths: beta, momentum, nesterov, optimizer, rate.
    let sgd = Assignment(["optimizer": "sgd", "momentum": 0.25, "nesterov": true, "rate": 1e-2])
    let adam = Assignment(["optimizer": "adam", "beta": 0.75, "rate": 1e-2])
    let first = encoding.features(try #require(encoding.positions(sgd)))
    let second = encoding.features(try #require(encoding.positions(adam)))
    #expect(Array(first.prefix(4)) == [0.5, 0.25, 0, 0] && Array(first.suffix(2)) == [0, 1])
    #expect(Array(second.prefix(4)) == [0.75, 0.5, -1, 1] && Array(second.suffix(2)) == [1, 0])
  }

  @Test(arguments: [plain, conditional])
  func `a sampler that reads the history again goes on as the first one`(space: Space) throws {
    var first = GPSampler(space, seed: 11)
    let history = try search(&first, trials: 40, batch: 4, outcome: outcome)
    var second = GPSampler(space, seed: 11)
    for observation in history { second.observe(observation) }
    // Only the last observation of each trial, as rows of finished trials have it.
    var third = GPSampler(space, seed: 11)
    for observation in history where observation.outcome != .running { third.observe(observation) }
    let next = try self.next(&first, 40)
    // Asking changes nothing.
    let same = try [self.next(&second, 40), self.next(&third, 40), self.next(&first, 40)]
    #expect(same == [next, next, next])
    var (anew, other) = (GPSampler(space, seed: 11), GPSampler(space, seed: 12))
    let (start, different) = (try self.next(&anew, 0), try self.next(&other, 0))
    #expect(start.assignment == history[0].assignment && different.assignment != start.assignment)
  }

  @Test func `fits are made at counts that depend on the count alone`() {
    #expect([1, 99, 100].map(KernelFits.fitted) == [1, 99, 100])
    for count in 101...5000 {
      let fitted = KernelFits.fitted(of: count)
      #expect(fitted <= count && Double(count - fitted) < 0.04 * Double(count))
      #expect(KernelFits.fitted(of: fitted) == fitted)
    }
  }

  @Test func `too many observations leave the best and the latest ones`() {
    let losses = [5.0, 1, 4, 2, 3, 9, 8, 7]
    #expect(ObservationWindow.indices(of: losses, limit: 8) == Array(0..<8))
    #expect(ObservationWindow.indices(of: losses, limit: 5) == [1, 3, 4, 6, 7])
  }

  @Test func `a search finds the good part of a space`() throws {
    let space = Space([
      Parameter("x", .uniform(low: -5, high: 10)), Parameter("y", .uniform(low: -5, high: 10)),
    ])
    var sampler = GPSampler(space, seed: 1)
    var best = Double.infinity
    _ = try search(&sampler, trials: 30) { _, assignment in
      let (x, y) = (assignment["x"]?.number ?? 0, assignment["y"]?.number ?? 0)
      let loss = (x - 2) * (x - 2) + (y + 1) * (y + 1) + x * y / 4
      best = min(best, loss)
      return .completed([loss])
    }
    // The minimum is where 2 (x − 2) + y/4 = 0 and 2 (y + 1) + x/4 = 0.
    let x = (4 + 0.25) / (2 - 0.25 / 8)
    let y = -1 - x / 8
    #expect(best < (x - 2) * (x - 2) + (y + 1) * (y + 1) + x * y / 4 + 0.05)
  }

  @Test func `a batch spreads, and no point is tried twice while there are others`() throws {
    var sampler = GPSampler(Self.conditional, seed: 2)
    let seen = try search(&sampler, trials: 26, batch: 8) {
      .completed([$1.isEmpty ? 1 : loss($1)])
    }
    let assignments = seen.filter { $0.outcome == .running }.map(\.assignment)
    #expect(Set(assignments).count == assignments.count)
    let small = Space([
      Parameter("a", .integers(low: 0, high: 5, step: 1)), Parameter("b", .choice([1, 2, 3])),
    ])
    var counted = GPSampler(small, seed: 2, startup: 4)
    let points = try search(&counted, trials: 18) { _, assignment in
      .completed([assignment["a"]?.number ?? 0])
    }
    #expect(Set(points.map(\.assignment)).count >= 16)
  }

  @Test func `constraints between parameters hold from the first trial on`() throws {
    let allowed = { @Sendable (assignment: Assignment) in
      (assignment["hidden"]?.integer ?? 0) * (assignment["layers"]?.integer ?? 0) < 200
    }
    var sampler = GPSampler(Self.plain, seed: 3, isAllowed: allowed)
    let seen = try search(&sampler, trials: 20) {
      .completed([-Double($1["hidden"]?.integer ?? 0)])
    }
    #expect(seen.allSatisfy { allowed($0.assignment) && Self.plain.contains($0.assignment) })
    // It pushes against the constraint.
    #expect(seen.contains { $0.assignment["hidden"]?.integer ?? 0 > 150 })
  }

  @Test func `several objectives are mixed anew for every trial`() throws {
    var sampler = GPSampler(Self.conditional, seed: 5)
    let history = try search(&sampler, trials: 14) {
      .completed([loss($1), -($1["rate"]?.number ?? 0)])
    }
    let first = try next(&sampler, 14)
    let second = try next(&sampler, 15)
    #expect(first.reason.contains("objectives mixed") && first.reason != second.reason)
    var again = GPSampler(Self.conditional, seed: 5)
    for observation in history { again.observe(observation) }
    let same = try next(&again, 15)
    #expect(same == second)
  }

  @Test(arguments: [(kept: 0.5, sought: 0.4...0.5), (kept: -0.1, sought: 0...0.1)])
  func `a trial that broke constraints is worse than any that kept them`(
    kept: Double, sought: ClosedRange<Double>
  ) throws {
    let space = Space([Parameter("x", .uniform(low: 0, high: 1))])
    var sampler = GPSampler(space, seed: 8)
    var last = 0.0
    for trial in 0..<18 {
      let suggestion = try next(&sampler, trial)
      last = suggestion.assignment["x"]?.number ?? 0
      sampler.observe(
        Observation(
          trial: trial, assignment: suggestion.assignment,
          outcome: trial == 4 ? .failed : .completed([-last]), violation: max(0, last - kept)))
      // One of the first ten trials fails.
      if trial > 10 { #expect(suggestion.reason.contains("violation") == (kept < 0)) }
    }
    #expect(sought.contains(last), "\(last)")
  }

  @Test func `losses that are no numbers and losses without end do not stop a search`() throws {
    var sampler = GPSampler(Self.plain, seed: 9)
    let seen = try search(&sampler, trials: 20) { trial, assignment in
      .completed([[.nan, .infinity, 1e300, -1e300, 0][trial % 5] + loss(assignment)])
    }
    #expect(seen.allSatisfy { Self.plain.contains($0.assignment) })
    var equal = GPSampler(Self.plain, seed: 9)
    _ = try search(&equal, trials: 14) { _, _ in .completed([1]) }
  }

  @Test func `a reason says what is expected, and what it depends on`() throws {
    var sampler = GPSampler(Self.plain, seed: 10)
    let start = try next(&sampler, 0).reason
    #expect(
      start
        == "point 1 of 10 spread over the space: 0 of the 10 results that the model needs are there"
    )
    _ = try search(&sampler, trials: 15) { .completed([loss($1)]) }
    let reason = try next(&sampler, 15).reason
    #expect(
      reason.contains(
        /^log expected improvement -?[0-9.e-]+: mean [0-9.]+ ± [0-9.e-]+, best so far [0-9.]+; most sensitive to [a-z]+$/
      ), "\(reason)")
    #expect(SuggestionReason.short(-2.1468) == "-2.15")
    #expect(SuggestionReason.short(0.000123456) == "1.23e-4")
    #expect(SuggestionReason.short(123_456) == "123000")
  }

  @Test func `a space without parameters has its one point`() throws {
    var sampler = GPSampler(Space(), seed: 1)
    let seen = try search(&sampler, trials: 12) { .completed([loss($1)]) }
    #expect(seen.allSatisfy { $0.assignment.isEmpty })
  }
}

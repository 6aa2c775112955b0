import Philox
import Testing

@testable import Search

@Suite struct PopulationTests {
  private static let space = Space([
    Parameter("rate", .logUniform(low: 0.001, high: 1)),
    Parameter("units", .integers(low: 1, high: 100, step: 1)),
  ])

  private func settings(_ members: Int, _ change: (inout PopulationSettings) -> Void = { _ in })
    -> PopulationSettings
  {
    var settings = PopulationSettings(members: members, epochs: 6)
    settings.every = 2
    settings.seed = 3
    change(&settings)
    return settings
  }

  /// A population whose member n begins with rate 0.01 · (n + 1) and 10 · (n + 1) units.
  private func begun(_ settings: PopulationSettings) -> PopulationRule {
    var rule = PopulationRule(settings, space: Self.space)
    for trial in 0..<settings.members {
      rule.begin(
        trial: trial,
        assignment: Assignment([
          "rate": .number(0.01 * Double(trial + 1)), "units": .integer(10 * (trial + 1)),
        ]))
    }
    return rule
  }

  private func promotions(_ rule: inout PopulationRule) -> [Promotion] {
    var all: [Promotion] = []
    while let next = rule.promote(isComplete: false) { all.append(next) }
    return all
  }

  @Test func `the worst become copies of the best, with values near to theirs`() throws {
    var rule = begun(settings(8) { $0.resample = 0 })
    for trial in 0..<8 {
      #expect(promotions(&rule).isEmpty)
      // Trial 5 is the best, then 4 and 6, …; trials 1 and 0 are the worst.
      let judgement = rule.report(
        trial: trial, epochs: 2, losses: [Double(abs(trial - 5)) + 0.1 * Double(trial)])
      guard case .pause = judgement else {
        Issue.record("\(judgement)")
        continue
      }
    }
    let promoted = promotions(&rule)
    // Copies are made before their parents go on.
    #expect(promoted.prefix(2).allSatisfy { $0.inheritance != nil })
    #expect(promoted.map(\.trial).sorted() == Array(0..<8))
    #expect(promoted.allSatisfy { $0.until == 4 })
    let heirs = promoted.filter { $0.inheritance != nil }
    #expect(heirs.map(\.trial) == [0, 1])
    for heir in heirs {
      let inheritance = try #require(heir.inheritance)
      #expect([4, 5].contains(inheritance.parent))
      let rate = 0.01 * Double(inheritance.parent + 1)
      let units = 10 * (inheritance.parent + 1)
      let found = try #require(inheritance.assignment["rate"]?.number)
      #expect(abs(found - rate * 1.2) < 1e-12 || abs(found - rate / 1.2) < 1e-12)
      let more = Int((Double(units) * 1.2).rounded())
      let less = Int((Double(units) / 1.2).rounded())
      #expect([.integer(more), .integer(less)].contains(inheritance.assignment["units"]))
      #expect(heir.why.kind == "copy")
      #expect(heir.why.reason.contains("copy of trial \(inheritance.parent)"))
    }
  }

  @Test func `a copy that is copied hands on what it has`() throws {
    var rule = begun(settings(2) { $0.resample = 0 })
    _ = rule.report(trial: 0, epochs: 2, losses: [1])
    _ = rule.report(trial: 1, epochs: 2, losses: [2])
    let first = try #require(promotions(&rule).compactMap(\.inheritance).first)
    #expect(first.parent == 0)
    let rate = try #require(first.assignment["rate"]?.number)
    // Now the copy is better than what it was copied from.
    _ = rule.report(trial: 0, epochs: 4, losses: [2])
    _ = rule.report(trial: 1, epochs: 4, losses: [1])
    let second = try #require(promotions(&rule).compactMap(\.inheritance).first)
    #expect(second.parent == 1)
    let found = try #require(second.assignment["rate"]?.number)
    #expect(abs(found - rate * 1.2) < 1e-12 || abs(found - rate / 1.2) < 1e-12)
    #expect(rule.report(trial: 0, epochs: 6, losses: [1]) == .complete)
  }

  @Test func `who fails is not awaited, and one alone copies nobody`() {
    var rule = begun(settings(3))
    _ = rule.report(trial: 1, epochs: 2, losses: [1])
    rule.drop(trial: 0)
    #expect(promotions(&rule).isEmpty)
    guard case .stop = rule.report(trial: 2, epochs: 2, losses: [.nan]) else {
      Issue.record("a loss that is no number goes on")
      return
    }
    let left = promotions(&rule)
    #expect(left.map(\.trial) == [1])
    #expect(left.first?.inheritance == nil)
  }

  @Test func `the order of results changes nothing`() {
    let losses: [Double] = [0.3, 0.1, 0.5, 0.2, 0.9, 0.4, 0.8, 0.7]
    var expected: [Promotion]?
    var random = TestRandom(seed: 5)
    for _ in 0..<20 {
      var rule = begun(settings(8))
      for trial in (0..<8).shuffled(using: &random) {
        _ = rule.report(trial: trial, epochs: 2, losses: [losses[trial]])
      }
      let promoted = promotions(&rule)
      #expect(promoted == expected ?? promoted)
      expected = promoted
    }
    #expect(expected?.count == 8)
    // Another seed copies otherwise.
    var rule = begun(settings(8) { $0.seed = 4 })
    for trial in 0..<8 { _ = rule.report(trial: trial, epochs: 2, losses: [losses[trial]]) }
    #expect(promotions(&rule) != expected)
  }

  @Test(arguments: [StudyOrder.arrival, .deterministic(window: 3)])
  func `a population that is cut anywhere goes on as if it had not been`(order: StudyOrder) throws {
    var settings = StudySettings(trials: 7, order: order)
    settings.space = Self.space
    func study(_ history: [LegRecord]) throws -> Study {
      var population = PopulationSettings(members: 7, epochs: 9)
      population.every = 3
      return try Study(
        settings, sampler: RandomSampler(Self.space, seed: 1),
        rule: PopulationRule(population, space: Self.space), history: history)
    }
    for seed in 0..<6 {
      var random = TestRandom(seed: UInt64(seed))
      var driver = StudyDriver(
        try study([]), world: StudyWorld(seed: UInt64(seed)), workers: 1 + seed % 3)
      while !driver.isFinished {
        driver.advance(&random)
        var restored = driver
        restored.study = try study(driver.records.reversed())
        var (one, other) = (random, random)
        var expected = driver
        expected.run(&one)
        restored.run(&other)
        #expect(restored.moves == expected.moves)
        #expect(restored.verdicts == expected.verdicts)
      }
      let copies = driver.records.count { record in
        driver.moves.contains {
          if case .goOn(let leg) = $0 {
            leg.number == record.number && leg.inheritance != nil
          } else {
            false
          }
        }
      }
      #expect(copies >= 2)
      #expect(driver.study.begun == 7)
    }
    // A history with other values is not one of this search.
    var random = TestRandom(seed: 0)
    var driver = StudyDriver(
      try study([]), world: StudyWorld(seed: 0, failures: 0), workers: 2)
    driver.run(&random)
    var records = driver.records
    records[records.count - 1].assignment = Assignment(["rate": .number(0.5)])
    #expect(throws: StudyError.self) { _ = try study(records) }
  }

  @Test func `values move by the factor, by one step at least, and within their bounds`() {
    let cases: [(Distribution, Value, Double, Value)] = [
      (.uniform(low: 0, high: 1), .number(0.5), 1.2, .number(0.6)),
      (.uniform(low: 0, high: 1), .number(0.9), 1.2, .number(1.0.nextDown)),
      (.uniform(low: -1, high: 1), .number(-0.6), 1.2, .number(-0.5)),
      (.logUniform(low: 0.1, high: 1), .number(0.11), 1 / 1.2, .number(0.1)),
      (.integers(low: 0, high: 10, step: 1), .integer(2), 1.2, .integer(3)),
      (.integers(low: 0, high: 10, step: 1), .integer(0), 1 / 1.2, .integer(0)),
      (.integers(low: 0, high: 100, step: 10), .integer(50), 1.2, .integer(60)),
      (.integers(low: 0, high: 100, step: 5), .integer(50), 1.5, .integer(75)),
      (.logIntegers(low: 1, high: 64), .integer(60), 1.2, .integer(64)),
      (.logIntegers(low: 1, high: 64), .integer(2), 1 / 1.2, .integer(1)),
      (.ordinal([.integer(1), .integer(8), .integer(9)]), .integer(8), 1.2, .integer(9)),
      (.ordinal([.integer(1), .integer(8), .integer(9)]), .integer(9), 1.2, .integer(9)),
      (.choice([.string("a"), .string("b")]), .string("a"), 1.2, .string("a")),
      (.steps(low: 0, high: 1, step: 0.25), .number(0.25), 1.2, .number(0.5)),
    ]
    for (distribution, value, factor, expected) in cases {
      let moved = distribution.moved(value, by: factor)
      #expect(distribution.contains(moved), "\(distribution) \(value)")
      if let number = moved.number, let wanted = expected.number {
        #expect(abs(number - wanted) < 1e-12, "\(distribution) \(value) \(moved)")
      } else {
        #expect(moved == expected, "\(distribution) \(value)")
      }
    }
  }
}

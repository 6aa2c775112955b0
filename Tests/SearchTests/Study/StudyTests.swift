import Search
import TestSupport
import Testing

@Suite struct StudyTests {
  /// Keeps what a sampler is told; suggests its number.
  private struct Listener: Sampler {
    let name = "listener"
    let told: @Sendable (Observation) -> Void

    mutating func observe(_ observation: Observation) { told(observation) }

    func suggest(trial: Int) -> Suggestion? {
      Suggestion(
        trial: trial, assignment: Assignment(["n": .integer(trial)]), sampler: name,
        reason: "number \(trial)")
    }
  }

  private func begin(_ study: inout Study) throws -> (leg: Leg, suggestion: Suggestion) {
    guard case .begin(let leg, let suggestion) = study.next() else {
      throw Unexpected()
    }
    return (leg, suggestion)
  }

  private struct Unexpected: Error {}

  @Test func `those that go on come before promotions, and these before new trials`() throws {
    // A rule that lets trial 0 go on at once, and trial 1 wait until it is asked.
    struct Mixed: StopRule {
      let name = "mixed"
      var waits = false

      func rungs(trial: Int) -> [Int] { [1, 2] }

      mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
        if epochs == 2 { return .complete }
        let why = Explanation(kind: "test", reason: "trial \(trial)")
        waits = waits || trial == 1
        return trial == 1 ? .pause(why) : .goOn(why)
      }

      mutating func promote(isComplete: Bool) -> Promotion? {
        defer { waits = false }
        return waits
          ? Promotion(trial: 1, until: 2, why: Explanation(kind: "promote", reason: "waited")) : nil
      }
    }
    var study = Study(StudySettings(trials: 4), sampler: NoSampler(), rule: Mixed())
    for _ in 0..<3 { _ = try begin(&study) }
    for leg in [1, 0, 2] { study.take(leg: leg, .reached([1])) }
    var trials: [Int] = []
    for _ in 0..<4 {
      switch study.next() {
      case .begin(let leg, _), .goOn(let leg): trials.append(leg.trial)
      case .wait, .finished: break
      }
    }
    #expect(trials == [0, 2, 1, 3])
    let last = study.next()
    #expect(last == .wait)
  }

  @Test func `a suggestion and its leg say why`() throws {
    var study = Study(
      StudySettings(trials: 1), sampler: Listener { _ in }, rule: WholeTraining(epochs: 5))
    let (leg, suggestion) = try begin(&study)
    #expect(suggestion.reason == "number 0")
    #expect(
      leg
        == Leg(
          number: 0, trial: 0, until: 5, after: 0,
          why: Explanation(
            kind: "create", reason: "number 0",
            details: ["sampler": "listener", "setting": 0, "until": 5, "seed": 0])))
    study.take(leg: 0, .reached([0.123456]))
    let verdicts = study.verdicts()
    #expect(verdicts.map(\.kind) == [.complete])
    #expect(verdicts.map(\.why.reason) == ["trained through, loss 0.1235 at epoch 5"])
    let last = study.next()
    #expect(last == .finished)
  }

  @Test func `a sampler hears of settings, not of repeats`() throws {
    let observations = Observations()
    var settings = StudySettings(trials: 7)
    settings.repeats = 3
    var study = Study(
      settings, sampler: Listener { observations.append($0) }, rule: WholeTraining(epochs: 5))
    var suggestions: [Suggestion] = []
    for _ in 0..<7 { suggestions.append(try begin(&study).suggestion) }
    #expect(suggestions.map(\.trial) == Array(0..<7))
    #expect(suggestions.map { $0.assignment["n"] } == [0, 0, 0, 1, 1, 1, 2])
    #expect(suggestions[4].reason == "repeat 2 of 3 of setting 1")
    study.take(leg: 0, .reached([1], violation: 0.5))
    study.take(leg: 2, .reached([4], violation: 1))
    study.take(leg: 5, .failed)
    study.take(leg: 4, .failed)
    #expect(observations.values.map(\.outcome) == [.running, .running, .running])
    study.take(leg: 1, .reached([4]))
    study.take(leg: 3, .failed)
    // The last setting has one trial only.
    study.take(leg: 6, .reached([.nan]))
    let told = observations.values.dropFirst(3)
    #expect(told.map(\.trial) == [0, 1, 2])
    #expect(told.map(\.outcome) == [.completed([3]), .failed, .failed])
    #expect(told.first?.violation == 0.5)
    #expect(told.first?.assignment["n"] == 0)
  }

  @Test func `a sampler hears what trials that wait are worth so far`() throws {
    let observations = Observations()
    var study = Study(
      StudySettings(trials: 3), sampler: Listener { observations.append($0) },
      rule: PromotingASHA(epochs: 3, eta: 3, trials: 3))
    for leg in 0..<3 {
      _ = try begin(&study)
      study.take(leg: leg, .reached([Double(leg)]))
    }
    #expect(
      observations.values.map(\.outcome) == [
        .running, .pruned([0], epochs: 1), .running, .pruned([1], epochs: 1), .running,
        .pruned([2], epochs: 1),
      ])
    guard case .goOn(let leg) = study.next() else { throw Unexpected() }
    study.take(leg: leg.number, .reached([-1]))
    #expect(observations.values.last?.outcome == .completed([-1]))
  }

  @Test func `known points come first and the sampler fills them up`() throws {
    let space = Space([
      Parameter("cell", .choice(["lstm", "rnn"])),
      Parameter("hidden", .integers(low: 1, high: 1, step: 1)),
      Parameter("nonlinearity", .choice(["relu"]), when: [Condition("cell", in: ["rnn"])]),
    ])
    struct Plain: Sampler {
      let name = "plain"

      func suggest(trial: Int) -> Suggestion? {
        trial < 3
          ? Suggestion(
            trial: trial, assignment: Assignment(["cell": "lstm", "hidden": 1]), sampler: name,
            reason: "plain") : nil
      }
    }
    var settings = StudySettings(trials: 9)
    settings.space = space
    settings.known = [
      Assignment(["cell": "rnn"]), Assignment(["cell": "lstm", "hidden": 7]),
      Assignment(["elsewhere": 1]), Assignment(["hidden": 5]),
    ]
    var study = Study(settings, sampler: Plain(), rule: WholeTraining(epochs: 5))
    var suggestions: [Suggestion] = []
    while case .begin(_, let suggestion) = study.next() { suggestions.append(suggestion) }
    #expect(
      suggestions.prefix(3).map(\.assignment.json) == [
        #"{"cell":"rnn","hidden":1,"nonlinearity":"relu"}"#, #"{"cell":"lstm","hidden":7}"#,
        #"{"cell":"lstm","hidden":1}"#,
      ])
    // The sampler has no more points, but what is known is tried nevertheless.
    #expect(suggestions.count == 4)
    #expect(suggestions[3].assignment["hidden"] == 5)
    #expect(
      suggestions.map(\.reason) == [
        "known point 1 of 4, the rest: plain", "known point 2 of 4",
        "known point 3 of 4, the rest: plain",
        "known point 4 of 4, the rest: at random with seed 0",
      ])
  }

  @Test func `points that were added count as what they are, and constraints before them`() throws {
    var settings = StudySettings(trials: 4)
    settings.space = Space(
      [
        Parameter("a", .integers(low: 0, high: 3, step: 1)),
        Parameter("b", .integers(low: 1, high: 3, step: 1)),
      ], constraints: [Constraint(try Expression("a + b <= 3") { .init($0, .number) })])
    // As if two settings had been made before; nothing goes with the last point.
    settings.known = [
      Assignment(), Assignment(), Assignment(["a": 2]), Assignment(["a": 3]),
    ]
    var study = Study(
      settings, sampler: RandomSampler(settings.space, seed: 1), rule: WholeTraining(epochs: 1))
    var suggestions: [Suggestion] = []
    while case .begin(_, let suggestion) = study.next() { suggestions.append(suggestion) }
    #expect(suggestions.count == 4)
    #expect(suggestions[0].reason.hasPrefix("draw 1 at random"))
    #expect(suggestions[2].reason.hasPrefix("known point 1 of 2, the rest: "))
    #expect(suggestions[2].assignment == Assignment(["a": 2, "b": 1]))
    #expect(suggestions[3].reason.hasPrefix("known point 2 of 2, the rest: "))
    #expect(suggestions.allSatisfy { settings.space.contains($0.assignment) })
  }

  @Test func `a sweep ends when the space has been tried through`() throws {
    let grid = try #require(GridSampler(Space([Parameter("x", .choice([1, 2, 3, 4]))])))
    var study = Study(
      StudySettings(trials: 90), sampler: grid, rule: SuccessiveHalving(epochs: 9, trials: 90))
    for leg in 0..<4 {
      _ = try begin(&study)
      study.take(leg: leg, .reached([Double(leg)]))
    }
    // The rung would have had 90 trials; it is judged with four.
    guard case .goOn(let leg) = study.next() else { throw Unexpected() }
    #expect(leg.trial == 0 && leg.until == 3)
    #expect(study.verdicts().filter { $0.kind == .stop }.map(\.trial) == [1, 2, 3])
  }
}

/// What a sampler was told.
final class Observations: Sendable {
  private let collected = Collected<Observation>()

  func append(_ observation: Observation) { collected.append(observation) }

  var values: [Observation] { collected.values }
}

import Testing

@testable import Search

@Suite struct ASHATests {
  /// The losses of nine trials, the same at all rungs.
  private static let losses = [5.0, 3, 8, 1, 9, 2, 7, 4, 6]

  /// Runs a rule with one worker; tells trials and rungs in the order of training.
  private func sequence(_ rule: some StopRule, trials: Int) -> (legs: [[Int]], last: [Verdict]) {
    var study = Study(StudySettings(trials: trials), sampler: NoSampler(), rule: rule)
    var legs: [[Int]] = []
    var verdicts: [Verdict] = []
    while true {
      switch study.next() {
      case .begin(let leg, _), .goOn(let leg):
        legs.append([leg.trial, leg.until])
        study.take(leg: leg.number, .reached([Self.losses[leg.trial]]))
        verdicts += study.verdicts()
      case .wait, .finished: return (legs, study.verdicts())
      }
    }
  }

  @Test func `nine trials promote as in the paper: nine, three, one`() throws {
    let (legs, last) = sequence(PromotingASHA(epochs: 9, eta: 3, trials: 9), trials: 9)
    #expect(
      legs == [
        [0, 1], [1, 1], [2, 1], [1, 3], [3, 1], [3, 3], [4, 1], [5, 1], [5, 3], [3, 9], [6, 1],
        [7, 1], [8, 1],
      ])
    #expect(last.map(\.trial) == [0, 1, 2, 4, 5, 6, 7, 8])
    #expect(last.allSatisfy { $0.kind == .stop })
    let why = try #require(last.first { $0.trial == 7 }?.why)
    #expect(why.reason == "rank 4 of 9 at epoch 1, of whom the best 3 go on; cutoff loss 3")
    #expect(why.kind == "stop")
  }

  @Test func `promotion takes the highest rung first`() {
    var rule = PromotingASHA(epochs: 9, eta: 3, trials: 100)
    for trial in 0..<9 { _ = rule.report(trial: trial, epochs: 1, losses: [Double(trial)]) }
    for trial in 0..<3 { #expect(rule.promote(isComplete: false)?.trial == trial) }
    #expect(rule.promote(isComplete: false) == nil)
    for trial in 0..<3 { _ = rule.report(trial: trial, epochs: 3, losses: [-Double(trial)]) }
    for trial in 9..<12 { _ = rule.report(trial: trial, epochs: 1, losses: [-1]) }
    let first = rule.promote(isComplete: false)
    #expect(first?.trial == 2 && first?.until == 9)
    let second = rule.promote(isComplete: false)
    #expect(second?.trial == 9 && second?.until == 3)
  }

  @Test func `a trial that fails leaves its rungs`() {
    var rule = PromotingASHA(epochs: 9, eta: 3, trials: 100)
    for trial in 0..<6 { _ = rule.report(trial: trial, epochs: 1, losses: [Double(trial)]) }
    #expect(rule.promote(isComplete: false)?.trial == 0)
    rule.drop(trial: 0)
    // One of five: trial 1 is the best of them now.
    #expect(rule.promote(isComplete: false)?.trial == 1)
    #expect(rule.promote(isComplete: false) == nil)
  }

  @Test func `too few trials for a promotion still train one to the end`() {
    let (legs, last) = sequence(PromotingASHA(epochs: 9, eta: 3, trials: 2), trials: 2)
    #expect(legs == [[0, 1], [1, 1], [1, 3], [1, 9]])
    #expect(last.map(\.trial) == [0])
  }

  @Test func `brackets are compared by themselves`() {
    var rule = PromotingASHA(epochs: 9, eta: 3, brackets: 2, trials: 28)
    let late = (0..<28).filter { rule.rungs(trial: $0) == [3, 9] }
    let early = (0..<28).filter { rule.rungs(trial: $0) == [1, 3, 9] }
    #expect(late.count == 10 && early.count == 18)
    for trial in late.prefix(3) { _ = rule.report(trial: trial, epochs: 3, losses: [1]) }
    for trial in early.prefix(3) { _ = rule.report(trial: trial, epochs: 1, losses: [9]) }
    #expect(rule.promote(isComplete: false)?.trial == late[0])
    #expect(rule.promote(isComplete: false)?.trial == early[0])
    #expect(rule.promote(isComplete: false) == nil)
  }

  @Test func `asha that stops judges on arrival`() {
    var rule = StoppingASHA(epochs: 9, eta: 3, trials: 9)
    let kinds = Self.losses.enumerated().map { trial, loss in
      rule.report(trial: trial, epochs: 1, losses: [loss]).kind
    }
    // Among 1, 2, 3, 4, 5, 6, 7, 8, 9: the best one, two from six on, three of nine.
    let (on, off) = ("continue", "stop")
    #expect(kinds == [on, on, off, on, off, on, off, off, off])
    let seventh = rule.report(trial: 3, epochs: 3, losses: [0.25])
    #expect(
      seventh.why?.reason == "rank 1 of 1 at epoch 3, of whom the best goes on; cutoff loss 0.25")
    #expect(rule.report(trial: 3, epochs: 9, losses: [1]) == .complete)
  }

  @Test func `several objectives are halved by fronts`() {
    var rule = StoppingASHA(epochs: 9, eta: 2, trials: 9)
    #expect(rule.report(trial: 0, epochs: 1, losses: [2, 2]).kind == "continue")
    #expect(rule.report(trial: 1, epochs: 1, losses: [3, 3]).kind == "stop")
    #expect(rule.report(trial: 2, epochs: 1, losses: [4, 4]).kind == "stop")
    // It shares the first front with trial 0, and two of four go on.
    let last = rule.report(trial: 3, epochs: 1, losses: [9, 1])
    #expect(last.kind == "continue")
    #expect(
      last.why?.reason == "rank 2 of 4 at epoch 1, of whom the best 2 go on; cutoff loss (9, 1)")
  }
}

@Suite struct PASHATests {
  /// Reports losses of trials 0, 1, … at a rung.
  private func report(_ rule: inout PASHA, _ epochs: Int, _ losses: [Double]) {
    for (trial, loss) in losses.enumerated() {
      #expect(rule.report(trial: trial, epochs: epochs, losses: [loss]).kind == "pause")
    }
  }

  @Test func `rungs that agree need no other one`() {
    var rule = PASHA(epochs: 27, eta: 3, trials: 9)
    report(&rule, 1, (0..<9).map { Double($0) })
    for trial in 0..<3 { #expect(rule.promote(isComplete: false)?.trial == trial) }
    report(&rule, 3, [0, 0.1, 0.2])
    #expect(rule.highest == 3)
    #expect(rule.promote(isComplete: false) == nil)
    // At the end the best one is trained through.
    for until in [9, 27] {
      let last = rule.promote(isComplete: true)
      #expect(last?.trial == 0 && last?.until == until)
      _ = rule.report(trial: 0, epochs: until, losses: [0])
    }
    #expect(rule.promote(isComplete: true) == nil)
  }

  @Test func `rungs that disagree add one`() {
    var rule = PASHA(epochs: 27, eta: 3, trials: 9)
    report(&rule, 1, (0..<9).map { Double($0) })
    for _ in 0..<3 { _ = rule.promote(isComplete: false) }
    report(&rule, 3, [0.2])
    #expect(rule.highest == 3)
    _ = rule.report(trial: 1, epochs: 3, losses: [0.1])
    #expect(rule.highest == 9)
    _ = rule.report(trial: 2, epochs: 3, losses: [0.3])
    let next = rule.promote(isComplete: false)
    #expect(next?.trial == 1 && next?.until == 9)
  }

  @Test(arguments: [(lower: 0.5, highest: 27), (lower: 0.52, highest: 9)])
  func `what flips and flips back is noise`(lower: Double, highest: Int) {
    var rule = PASHA(epochs: 81, eta: 3, trials: 9)
    report(&rule, 1, [1, 1.1])
    report(&rule, 3, [0.55, lower])
    #expect(rule.highest == 9)
    #expect(rule.epsilon == 0)
    report(&rule, 9, [0.3, 0.34])
    // They are 0.04 apart at epoch 9; at epoch 3, where their order was another, 0.05 or 0.03.
    #expect(abs(rule.epsilon - 0.04) < 1e-12)
    #expect(rule.highest == highest)
  }
}

/// Chooses nothing.
struct NoSampler: Sampler {
  let name = "none"

  func suggest(trial: Int) -> Suggestion? {
    Suggestion(trial: trial, assignment: Assignment(), sampler: name, reason: "nothing to choose")
  }
}

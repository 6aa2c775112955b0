import Search
import Testing

/// Rules that let no trial wait.
@Suite struct SimpleRuleTests {
  @Test func `whole training has one rung`() {
    var rule = WholeTraining(epochs: 12)
    #expect(rule.rungs(trial: 3) == [12])
    #expect(rule.report(trial: 3, epochs: 12, losses: [.nan]) == .complete)
  }

  @Test func `the median judges those that come after the first few`() throws {
    var rule = MedianRule(epochs: 10, every: 2, warmUp: 1, startup: 2)
    #expect(rule.rungs(trial: 0) == [3, 5, 7, 9, 10])
    #expect(rule.report(trial: 0, epochs: 3, losses: [0.4]).kind == "continue")
    #expect(rule.report(trial: 1, epochs: 3, losses: [0.2]).kind == "continue")
    // The median of 0.2 and 0.4 is 0.3.
    let third = rule.report(trial: 2, epochs: 3, losses: [0.31])
    #expect(third.kind == "stop")
    #expect(
      third.why?.reason == "loss 0.31 at epoch 3 is worse than the median 0.3 of 2 other trials")
    #expect(third.why?.details["rank"] == 2)
    // Stopped trials count: the median of 0.2, 0.31 and 0.4.
    let fourth = rule.report(trial: 3, epochs: 3, losses: [0.31])
    #expect(fourth.kind == "continue")
    #expect(fourth.why?.details["cutoff"] == 0.31)
    #expect(rule.report(trial: 0, epochs: 5, losses: [9]).kind == "continue")
    #expect(rule.report(trial: 0, epochs: 10, losses: [9]) == .complete)
  }

  @Test func `a failed trial leaves the median`() {
    var rule = MedianRule(epochs: 4, startup: 1)
    _ = rule.report(trial: 0, epochs: 1, losses: [0.1])
    rule.drop(trial: 0)
    #expect(rule.report(trial: 1, epochs: 1, losses: [0.5]).kind == "continue")
    #expect(rule.report(trial: 2, epochs: 1, losses: [0.6]).kind == "stop")
  }

  @Test func `with several objectives the median is half of the ranks`() {
    var rule = MedianRule(epochs: 4, startup: 2)
    _ = rule.report(trial: 0, epochs: 1, losses: [1, 3])
    _ = rule.report(trial: 1, epochs: 1, losses: [3, 1])
    #expect(rule.report(trial: 2, epochs: 1, losses: [0, 4]).kind == "continue")
    let worse = rule.report(trial: 3, epochs: 1, losses: [4, 4])
    #expect(worse.kind == "stop")
    #expect(worse.why?.reason == "3 of 3 other trials rank before it at epoch 1")
  }

  @Test func `patience ends after so many looks without improvement`() {
    var rule = PatienceRule(epochs: 20, patience: 2, tolerance: 0.01)
    #expect(rule.report(trial: 0, epochs: 1, losses: [1]).kind == "continue")
    #expect(rule.report(trial: 0, epochs: 2, losses: [0.995]).kind == "continue")
    // Less by more than the tolerance than the loss that last improved.
    #expect(rule.report(trial: 0, epochs: 3, losses: [0.985]).kind == "continue")
    #expect(rule.report(trial: 0, epochs: 4, losses: [0.985]).kind == "continue")
    let stop = rule.report(trial: 0, epochs: 5, losses: [0.98])
    #expect(stop.kind == "stop")
    #expect(stop.why?.reason == "loss 0.985 of epoch 3 is not improved for 2 looks, until epoch 5")
    #expect(rule.report(trial: 1, epochs: 5, losses: [7]).kind == "continue")
    #expect(rule.report(trial: 1, epochs: 20, losses: [7]) == .complete)
  }

  @Test func `patience is content with one objective that improves`() {
    var rule = PatienceRule(epochs: 20, patience: 1)
    _ = rule.report(trial: 0, epochs: 1, losses: [1, 1])
    #expect(rule.report(trial: 0, epochs: 2, losses: [1, 0.5]).kind == "continue")
    #expect(rule.report(trial: 0, epochs: 3, losses: [1, 0.5]).kind == "stop")
  }

  @Test func `a threshold bounds each objective that has one`() {
    var rule = ThresholdRule(epochs: 9, warmUp: 4, bounds: [0.5])
    #expect(rule.rungs(trial: 0) == [5, 6, 7, 8, 9])
    #expect(rule.report(trial: 0, epochs: 5, losses: [0.5, 90]).kind == "continue")
    let stop = rule.report(trial: 1, epochs: 5, losses: [0.6, 0])
    #expect(stop.kind == "stop")
    #expect(stop.why?.reason == "loss 0.6 at epoch 5 is worse than 0.5")
    #expect(rule.report(trial: 1, epochs: 9, losses: [0.6, 0]) == .complete)
  }

  @Test(arguments: StopRuleKind.allCases.filter { $0 != .none }, [Double.nan, .infinity])
  func `no rule lets a loss go on that is no number`(kind: StopRuleKind, loss: Double) throws {
    var rule = makeStopRule(StopSettings(kind, epochs: 27, trials: 30))
    let trial = try #require((0..<30).first { rule.rungs(trial: $0).count > 1 })
    let rung = rule.rungs(trial: trial)[0]
    #expect(rule.report(trial: trial, epochs: rung, losses: [loss]).kind == "stop")
    #expect(rule.promote(isComplete: true) == nil)
  }

  @Test(arguments: StopRuleKind.allCases) func `the factory makes what it is asked for`(
    kind: StopRuleKind
  ) {
    let rule = makeStopRule(StopSettings(kind, epochs: 100, trials: 30))
    #expect(rule.name == kind.rawValue)
    for trial in 0..<30 {
      let rungs = rule.rungs(trial: trial)
      #expect(rungs.last == 100)
      #expect(zip(rungs, rungs.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test func `settings read like a specification`() {
    #expect(StopSettings(epochs: 9, trials: 9).description == "none")
    #expect(StopSettings(.asha, epochs: 9, trials: 9).description == "asha: {eta: 3}")
    var median = StopSettings(.median, epochs: 9, trials: 9)
    median.warmUp = 2
    #expect(median.description == "median: {startup: 5, warm_up: 2}")
  }
}

extension Judgement {
  /// What it amounts to, in the words of explanations.
  var kind: String { why?.kind ?? "complete" }

  /// Its reason; nil for a trial that is complete.
  var why: Explanation? {
    switch self {
    case .goOn(let why), .pause(let why), .stop(let why): why
    case .complete: nil
    }
  }
}

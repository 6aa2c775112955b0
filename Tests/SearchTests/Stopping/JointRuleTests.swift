import Testing

@testable import Search

/// Nine epochs with rungs at 1, 3 and 9, and three settings of two repeats each.
@Suite struct JointRuleTests {
  private func rule(
    _ kind: StopRuleKind = .asha, trials: Int = 6, repeats: Int = 2
  ) -> any StopRule {
    var settings = StopSettings(kind, epochs: 9, trials: trials)
    settings.repeats = repeats
    return makeStopRule(settings)
  }

  /// Trial 4 is the best of all and trial 5 the worst: on the mean, setting 1 is better than theirs.
  private static let losses = [5.0, 5.2, 3, 3.2, 1, 9]

  @Test func `a setting goes on by the mean of its repeats, with all of them`() throws {
    var rule = rule()
    for trial in 0..<6 {
      let judgement = rule.report(trial: trial, epochs: 1, losses: [Self.losses[trial]])
      guard case .pause(let why) = judgement else {
        Issue.record("trial \(trial) did not wait")
        return
      }
      if trial == 4 { #expect(why.reason == "1 of 2 repeats of setting 2 stand at epoch 1") }
    }
    let promoted = [rule.promote(isComplete: false), rule.promote(isComplete: false)]
    #expect(promoted.map { $0?.trial } == [2, 3])
    #expect(promoted.allSatisfy { $0?.until == 3 })
    #expect(
      promoted[0]?.why.reason
        == "setting 1, the mean of 2 repeats: rank 1 of 3 at epoch 1, of whom the best goes on; "
        + "cutoff loss 3.1")
    #expect(rule.promote(isComplete: false) == nil)
    let left = rule.remainder(trial: 5).reason
    #expect(left.hasPrefix("setting 2, the mean of 2 repeats: rank 2 of 3"))
    // One by one, it would have been trial 4, and trial 5 would have been left behind.
    var alone = self.rule(repeats: 1)
    for trial in 0..<6 { _ = alone.report(trial: trial, epochs: 1, losses: [Self.losses[trial]]) }
    #expect(alone.promote(isComplete: false)?.trial == 4)
  }

  @Test func `a rung is not judged before all repeats of a setting stand there`() {
    var rule = rule()
    for trial in [0, 2, 4] { _ = rule.report(trial: trial, epochs: 1, losses: [0]) }
    #expect(rule.promote(isComplete: false) == nil)
    for trial in [1, 3, 5] { _ = rule.report(trial: trial, epochs: 1, losses: [Double(trial)]) }
    #expect(rule.promote(isComplete: false)?.trial == 0)
    #expect(rule.promote(isComplete: false)?.trial == 1)
  }

  @Test func `a repeat that fails is left out, and the last one takes its setting along`() {
    var rule = rule()
    for trial in [0, 2, 3, 4, 5] {
      _ = rule.report(trial: trial, epochs: 1, losses: [Self.losses[trial]])
    }
    #expect(rule.promote(isComplete: false) == nil)
    // Setting 0 is judged by trial 0 alone now: three settings stand, and one goes on.
    rule.drop(trial: 1)
    #expect(rule.promote(isComplete: false)?.trial == 2)
    rule.drop(trial: 2)
    let other = rule.promote(isComplete: false)
    #expect(other?.trial == 3)
    rule.drop(trial: 3)
    // Nothing is left of setting 1: at the end of the sweep another one is trained whole.
    #expect(rule.promote(isComplete: false) == nil)
    #expect(rule.promote(isComplete: true)?.trial == 0)
  }

  @Test func `a setting with a repeat that is no number is judged by the others`() {
    var rule = rule(trials: 2)
    guard case .stop = rule.report(trial: 0, epochs: 1, losses: [.nan]) else {
      Issue.record("NaN did not end the trial")
      return
    }
    _ = rule.report(trial: 1, epochs: 1, losses: [2])
    #expect(rule.promote(isComplete: true)?.trial == 1)
  }

  @Test func `a rule that stops does so for all repeats, and lets all go on`() {
    var rule = rule(.stoppingASHA)
    // The first setting to come goes on, with the repeat that waited.
    _ = rule.report(trial: 2, epochs: 1, losses: [3])
    guard case .goOn = rule.report(trial: 3, epochs: 1, losses: [3.2]) else {
      Issue.record("the first setting was stopped")
      return
    }
    #expect(rule.promote(isComplete: false)?.trial == 2)
    #expect(rule.promote(isComplete: false) == nil)
    _ = rule.report(trial: 5, epochs: 1, losses: [9])
    guard case .stop(let why) = rule.report(trial: 4, epochs: 1, losses: [1]) else {
      Issue.record("the worse setting went on")
      return
    }
    #expect(why.details["repeats"] == .integer(2))
    #expect(rule.dismiss()?.trial == 5)
    #expect(rule.dismiss() == nil)
  }

  @Test(arguments: [StopRuleKind.halving, .hyperband, .asha, .pasha])
  func `what is trained whole is whole settings`(kind: StopRuleKind) throws {
    for seed in 0..<6 {
      var settings = StudySettings(trials: 36)
      settings.repeats = 3
      var driver = StudyDriver(
        try StudyDriver.study(kind, settings), world: StudyWorld(seed: UInt64(seed), failures: 0),
        workers: 4)
      var random = TestRandom(seed: UInt64(seed))
      driver.run(&random)
      let epochs = driver.ends.mapValues(\.epochs)
      #expect(epochs.count == 36)
      for setting in 0..<12 {
        #expect(Set((0..<3).map { epochs[3 * setting + $0] }).count == 1)
      }
      #expect(Set(epochs.values).count > 1)
    }
  }
}

import Orchestration
import Postgres
import Store
import Training

extension SweepReport {
  /// Whether its trials are language models, once the scheduler has accepted it.
  var isOfLanguage: Bool {
    (try? facts.decode(SweepFacts.self))?.task == DataPlan.Task.language.rawValue
  }

  /// `40 trials`, or `the 10 trials that succeeded (of 40)` where only those count.
  func counted(_ count: Int) -> String {
    let trials = "\(count) \(count == 1 ? "trial" : "trials")"
    return count < created ? "the \(trials) that succeeded (of \(created))" : trials
  }

  /// From how many trials on importances are more than hints.
  static let enoughTrials = 50

  /// What is said of importances from fewer trials.
  static let hint = "With fewer than about fifty trials these are hints."

  /// Why importances say nothing: they compare the best trials with all, and of one there is nothing to
  /// compare.
  ///
  /// - Parameter counts: From how many trials each setting is known.
  /// - Returns: A line; nil if they do say something.
  func lacking(importancesFrom counts: [Int]) -> String? {
    guard let trials = counts.max() else {
      return "sweep \(id) (\(name), \(state)): no trial has succeeded yet, or nothing varies"
    }
    guard trials < 2 else { return nil }
    return
      "sweep \(id) (\(name), \(state)): of one trial that succeeded nothing can be compared; it takes two "
      + "at least, and about fifty to be sure"
  }
}

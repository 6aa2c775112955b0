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
}

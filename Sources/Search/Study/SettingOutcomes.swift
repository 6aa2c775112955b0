/// How trials ended, and what that says of the setting that they repeat.
struct SettingOutcomes: Sendable {
  private var outcomes: [Int: (outcome: Outcome, violation: Double)] = [:]

  /// Notes how a trial ended, or how it stands while it waits.
  mutating func set(_ outcome: Outcome, _ violation: Double, of trial: Int) {
    outcomes[trial] = (outcome, violation)
  }

  /// The mean over repeats; nil while one of them is running.
  ///
  /// Repeats without a value are left out if others have one. If one was stopped early, so was the
  /// setting, after the fewest epochs of any.
  func mean(of trials: Range<Int>) -> (outcome: Outcome, violation: Double)? {
    var sum: [Double] = []
    var violation = 0.0
    var count = 0
    var epochs: Int?
    for trial in trials {
      guard let entry = outcomes[trial] else { return nil }
      let losses: [Double]
      switch entry.outcome {
      case .running: return nil
      case .failed: continue
      case .completed(let values): losses = values
      case .pruned(let values, let stopped):
        losses = values
        epochs = min(epochs ?? stopped, stopped)
      }
      sum = sum.isEmpty ? losses : zip(sum, losses).map { $0 + $1 }
      violation += entry.violation
      count += 1
    }
    let mean = sum.map { $0 / Double(count) }
    // A loss that is no number would poison what samplers compute.
    guard count > 0, mean.allSatisfy(\.isFinite) else { return (.failed, 0) }
    let outcome = epochs.map { Outcome.pruned(mean, epochs: $0) } ?? .completed(mean)
    return (outcome, violation / Double(count))
  }
}

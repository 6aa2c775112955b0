/// Stops a trial whose best loss so far is worse than a bound, or no number, after its warm-up.
public struct ThresholdRule: StopRule {
  /// The name of the rule.
  public let name = StopRuleKind.threshold.rawValue

  private let ladder: Ladder
  private let bounds: [Double]

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - every: The epochs between two looks.
  ///   - warmUp: Epochs without a look at the start of each trial.
  ///   - bounds: The worst loss of each objective that may go on; objectives behind the last one have
  ///     no bound.
  public init(epochs: Int, every: Int = 1, warmUp: Int = 0, bounds: [Double]) {
    ladder = Ladder(every: every, warmUp: warmUp, epochs: epochs)
    self.bounds = bounds
  }

  /// Every so many epochs after the warm-up.
  public func rungs(trial: Int) -> [Int] { ladder.epochs }

  /// Compares a trial with the bounds.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    guard epochs < ladder.epochs[ladder.last] else { return .complete }
    guard losses.allSatisfy(\.isFinite) else { return .stop(.notFinite(losses, epochs: epochs)) }
    let pairs = zip(losses, bounds)
    let broken = pairs.first { $0 > $1 }
    guard let pair = broken ?? pairs.first(where: { _ in true }) else {
      return .goOn(Explanation(kind: "continue", reason: "there is no bound"))
    }
    let details: [String: Value] = [
      "cutoff": .number(pair.1), "epochs": .integer(epochs), "loss": .number(pair.0),
    ]
    let comparison = broken == nil ? "no worse than" : "worse than"
    let reason =
      "loss \(Standing.text([pair.0])) at epoch \(epochs) is \(comparison) "
      + "\(Standing.text([pair.1]))"
    return broken == nil
      ? .goOn(Explanation(kind: "continue", reason: reason, details: details))
      : .stop(Explanation(kind: "stop", reason: reason, details: details))
  }
}

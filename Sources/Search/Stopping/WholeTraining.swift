/// Trains every trial to its end.
public struct WholeTraining: StopRule {
  /// The name of the rule.
  public let name = StopRuleKind.none.rawValue

  private let epochs: Int

  /// The rule for trainings of so many epochs.
  public init(epochs: Int) {
    precondition(epochs > 0, "a training has an epoch at least")
    self.epochs = epochs
  }

  /// One rung: the end.
  public func rungs(trial: Int) -> [Int] { [epochs] }

  /// A trial that stands anywhere stands at its end.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement { .complete }
}

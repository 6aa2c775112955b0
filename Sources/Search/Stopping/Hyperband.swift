/// Hyperband (Li et al. 2018): synchronous successive halving in several brackets, from many trials
/// that start with little to few that are trained whole, since nobody knows how early losses tell.
///
/// For 81 epochs and eta 3, the brackets of a cycle have 81, 34, 15, 8 and 5 trials that are first
/// judged after 1, 3, 9, 27 and 81 epochs. Cycles follow each other until the sweep's trials are used
/// up; the last one may have fewer of each.
public struct Hyperband: StopRule {
  /// The name of the rule.
  public var name: String { halving.name }

  private var halving: SuccessiveHalving

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - eta: The factor between rungs, and the share that goes on.
  ///   - minimumEpochs: The lowest rung.
  ///   - brackets: How many brackets there are, from the one that starts lowest; nil for one for each
  ///     rung.
  ///   - trials: How many trials the sweep has: rungs wait for them.
  public init(
    epochs: Int, eta: Int = 3, minimumEpochs: Int = 1, brackets: Int? = nil, trials: Int
  ) {
    let ladder = Ladder(minimum: minimumEpochs, eta: eta, epochs: epochs)
    halving = SuccessiveHalving(
      StopRuleKind.hyperband.rawValue, ladder, eta: eta,
      brackets: brackets ?? ladder.epochs.count, hasCycles: true, trials: trials)
  }

  /// The rungs from that of its bracket on.
  public func rungs(trial: Int) -> [Int] { halving.rungs(trial: trial) }

  /// Lets the trial wait for the others of its bracket and cycle.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    halving.report(trial: trial, epochs: epochs, losses: losses)
  }

  /// Awaits the trial no longer.
  public mutating func drop(trial: Int) { halving.drop(trial: trial) }

  /// The best of the rungs that are full; if nothing more comes, also of those that are not.
  public mutating func promote(isComplete: Bool) -> Promotion? {
    halving.promote(isComplete: isComplete)
  }

  /// The trials that were not among the best when their rung was full.
  public mutating func dismiss() -> Dismissal? { halving.dismiss() }
}

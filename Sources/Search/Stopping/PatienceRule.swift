/// Stops a trial that has not improved for a while, whatever the others do.
public struct PatienceRule: StopRule {
  /// The name of the rule.
  public let name = StopRuleKind.patience.rawValue

  private struct Progress {
    var best: [Double]
    var epochs: Int
    var looks = 0
  }

  private let ladder: Ladder
  private let patience: Int
  private let tolerance: Double
  private var progress: [Int: Progress] = [:]

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - every: The epochs between two looks.
  ///   - warmUp: Epochs without a look at the start of each trial.
  ///   - patience: After so many looks without improvement a trial is stopped.
  ///   - tolerance: What a loss has to fall by, and more, to count as improved.
  public init(
    epochs: Int, every: Int = 1, warmUp: Int = 0, patience: Int = 5, tolerance: Double = 0
  ) {
    precondition(patience > 0 && tolerance >= 0, "patience is at least one look")
    ladder = Ladder(every: every, warmUp: warmUp, epochs: epochs)
    self.patience = patience
    self.tolerance = tolerance
  }

  /// Every so many epochs after the warm-up.
  public func rungs(trial: Int) -> [Int] { ladder.epochs }

  /// Compares a trial with itself; with several objectives one that improves is enough.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    guard epochs < ladder.epochs[ladder.last] else {
      progress[trial] = nil
      return .complete
    }
    guard losses.allSatisfy(\.isFinite) else { return .stop(.notFinite(losses, epochs: epochs)) }
    var state = progress[trial] ?? Progress(best: losses, epochs: epochs)
    if progress[trial] != nil {
      let improves = zip(losses, state.best).contains { $0 < $1 - tolerance }
      state = improves ? Progress(best: losses, epochs: epochs) : state
      state.looks += improves ? 0 : 1
    }
    progress[trial] = state
    let details: [String: Value] = [
      "best_epochs": .integer(state.epochs), "epochs": .integer(epochs),
      "loss": Standing.value(state.best), "looks": .integer(state.looks),
      "patience": .integer(patience),
    ]
    let best = "loss \(Standing.text(state.best)) of epoch \(state.epochs)"
    guard state.looks >= patience else {
      let reason =
        state.looks == 0
        ? "\(best) is the best so far"
        : "\(best) is not improved for \(state.looks) of \(patience) looks"
      return .goOn(Explanation(kind: "continue", reason: reason, details: details))
    }
    progress[trial] = nil
    return .stop(
      Explanation(
        kind: "stop",
        reason: "\(best) is not improved for \(patience) looks, until epoch \(epochs)",
        details: details))
  }

  /// Forgets the trial.
  public mutating func drop(trial: Int) { progress[trial] = nil }
}

/// Stops a trial whose best loss so far is worse than the median of what the other trials had at the
/// same epoch, stopped ones included.
///
/// With several objectives a trial is stopped if more than half of the others rank before it.
public struct MedianRule: StopRule {
  /// The name of the rule.
  public let name = StopRuleKind.median.rawValue

  private let ladder: Ladder
  private let startup: Int
  private var rankings: [Ranking]

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - every: The epochs between two looks.
  ///   - warmUp: Epochs without a look at the start of each trial.
  ///   - startup: How many trials pass each rung without being judged.
  public init(epochs: Int, every: Int = 1, warmUp: Int = 0, startup: Int = 5) {
    ladder = Ladder(every: every, warmUp: warmUp, epochs: epochs)
    self.startup = startup
    rankings = ladder.epochs.map { _ in Ranking() }
  }

  /// Every so many epochs after the warm-up.
  public func rungs(trial: Int) -> [Int] { ladder.epochs }

  /// Compares a trial with those that were here before it.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    let rung = ladder.rung(at: epochs)
    guard rung < ladder.last else { return .complete }
    guard losses.allSatisfy(\.isFinite) else { return .stop(.notFinite(losses, epochs: epochs)) }
    let others = rankings[rung].count
    rankings[rung].insert(trial: trial, losses: losses)
    guard let place = rankings[rung].place(of: trial), others > 0, others >= startup else {
      return .goOn(
        Explanation(
          kind: "continue",
          reason: "number \(others + 1) at epoch \(epochs), where the first "
            + "\(max(startup, 1)) go on",
          details: ["epochs": .integer(epochs), "population": .integer(others + 1)]))
    }
    var details: [String: Value] = [
      "epochs": .integer(epochs), "loss": Standing.value(losses),
      "population": .integer(others + 1), "rank": .integer(place + 1), "rung": .integer(rung),
    ]
    guard losses.count == 1 else {
      let isBehind = 2 * place > others
      let reason = "\(place) of \(others) other trials rank before it at epoch \(epochs)"
      return judgement(isBehind, reason, details)
    }
    // The trial itself stands among them and is left out.
    func other(_ index: Int) -> Double {
      rankings[rung].entry(at: index < place ? index : index + 1).losses[0]
    }
    let upper = other(others / 2)
    let median = others.isMultiple(of: 2) ? (other(others / 2 - 1) + upper) / 2 : upper
    details["cutoff"] = .number(median)
    let comparison = losses[0] > median ? "worse than" : "no worse than"
    let reason =
      "loss \(Standing.text(losses)) at epoch \(epochs) is \(comparison) the median "
      + "\(Standing.text([median])) of \(others) other trials"
    return judgement(losses[0] > median, reason, details)
  }

  private func judgement(_ stops: Bool, _ reason: String, _ details: [String: Value]) -> Judgement {
    stops
      ? .stop(Explanation(kind: "stop", reason: reason, details: details))
      : .goOn(Explanation(kind: "continue", reason: reason, details: details))
  }

  /// Forgets what the trial had.
  public mutating func drop(trial: Int) {
    for rung in rankings.indices { rankings[rung].remove(trial: trial) }
  }
}

/// Asynchronous successive halving that never waits: a trial goes on from a rung if it is among the
/// best 1/eta of those that have come so far, itself included, and is stopped otherwise.
///
/// The first trials are judged against few and mostly go on; ``PromotingASHA`` spares their epochs.
public struct StoppingASHA: StopRule {
  /// The name of the rule.
  public let name = StopRuleKind.stoppingASHA.rawValue

  private let ladder: Ladder
  private let eta: Int
  private let brackets: Brackets
  /// By bracket, then by rung of the ladder.
  private var rankings: [[Ranking]]

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - eta: The factor between rungs, and the share that goes on.
  ///   - minimumEpochs: The lowest rung.
  ///   - brackets: How many brackets trials are shared out to.
  ///   - trials: How many trials the sweep has.
  public init(epochs: Int, eta: Int = 3, minimumEpochs: Int = 1, brackets: Int = 1, trials: Int) {
    ladder = Ladder(minimum: minimumEpochs, eta: eta, epochs: epochs)
    self.eta = eta
    self.brackets = Brackets(
      count: brackets, rungs: ladder.epochs.count, eta: eta, trials: trials)
    rankings = Array(
      repeating: Array(repeating: Ranking(), count: ladder.last), count: self.brackets.count)
  }

  /// The rungs from that of its bracket on.
  public func rungs(trial: Int) -> [Int] {
    Array(ladder.epochs[brackets.bracket(of: trial)...])
  }

  /// Compares a trial with those that were here before it. At least one goes on: the first to come.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    let rung = ladder.rung(at: epochs)
    let bracket = brackets.bracket(of: trial)
    guard rung < ladder.last else { return .complete }
    guard losses.allSatisfy(\.isFinite) else { return .stop(.notFinite(losses, epochs: epochs)) }
    rankings[bracket][rung].insert(trial: trial, losses: losses)
    guard let place = rankings[bracket][rung].place(of: trial) else { return .complete }
    let places = max(rankings[bracket][rung].count / eta, 1)
    let standing = Standing(
      &rankings[bracket][rung], place: place, rung: rung, epochs: epochs, places: places, eta: eta,
      bracket: bracket)
    return place < places
      ? .goOn(standing.explanation("continue")) : .stop(standing.explanation("stop"))
  }

  /// Forgets what the trial had.
  public mutating func drop(trial: Int) {
    let bracket = brackets.bracket(of: trial)
    for rung in rankings[bracket].indices { rankings[bracket][rung].remove(trial: trial) }
  }
}

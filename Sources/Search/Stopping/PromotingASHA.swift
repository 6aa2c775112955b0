/// Asynchronous successive halving that promotes (Li et al. 2020): a trial waits at each rung; a free
/// worker takes the best one that waits among the best ⌊n / eta⌋ of a rung, from the highest rung
/// down, and only if there is none a new trial. No rung is ever waited for.
///
/// At the end of a sweep, if so few trials came that none was trained whole, the best of the highest
/// rung goes on to the end.
public struct PromotingASHA: StopRule {
  /// The name of the rule.
  public let name: String

  /// The rungs of bracket 0.
  let ladder: Ladder
  /// The highest rung to which trials are promoted, except at the end of the sweep.
  var ceiling: Int

  private let eta: Int
  private let brackets: Brackets
  /// By bracket, then by rung of the ladder.
  private var rankings: [[Ranking]]
  /// The rung at which a trial stands or stood last.
  private var rungs: [Int: Int] = [:]
  private var isAnyWhole = false

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - eta: The factor between rungs, and the share that goes on.
  ///   - minimumEpochs: The lowest rung.
  ///   - brackets: How many brackets trials are shared out to.
  ///   - trials: How many trials the sweep has.
  public init(epochs: Int, eta: Int = 3, minimumEpochs: Int = 1, brackets: Int = 1, trials: Int) {
    self.init(
      StopRuleKind.asha.rawValue, Ladder(minimum: minimumEpochs, eta: eta, epochs: epochs),
      eta: eta, brackets: brackets, trials: trials)
  }

  init(_ name: String, _ ladder: Ladder, eta: Int, brackets: Int, trials: Int) {
    self.name = name
    self.ladder = ladder
    self.eta = eta
    ceiling = ladder.last
    self.brackets = Brackets(
      count: brackets, rungs: ladder.epochs.count, eta: eta, trials: trials)
    rankings = Array(
      repeating: Array(repeating: Ranking(), count: ladder.last), count: self.brackets.count)
  }

  /// The rungs from that of its bracket on.
  public func rungs(trial: Int) -> [Int] {
    Array(ladder.epochs[brackets.bracket(of: trial)...])
  }

  /// Lets the trial wait.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    let rung = ladder.rung(at: epochs)
    guard rung < ladder.last else {
      isAnyWhole = true
      return .complete
    }
    guard losses.allSatisfy(\.isFinite) else {
      drop(trial: trial)
      return .stop(.notFinite(losses, epochs: epochs))
    }
    rankings[brackets.bracket(of: trial)][rung].insert(trial: trial, losses: losses)
    rungs[trial] = rung
    return .pause(explanation("pause", trial) ?? Explanation(kind: "pause", reason: "it waits"))
  }

  /// Where a trial stands now.
  private mutating func explanation(_ kind: String, _ trial: Int) -> Explanation? {
    let bracket = brackets.bracket(of: trial)
    guard let rung = rungs[trial], let place = rankings[bracket][rung].place(of: trial) else {
      return nil
    }
    return standing(bracket, rung, place).explanation(
      kind, rung >= ceiling ? "no rung above is needed yet" : nil)
  }

  private mutating func standing(_ bracket: Int, _ rung: Int, _ place: Int) -> Standing {
    let places = rankings[bracket][rung].count / eta
    return Standing(
      &rankings[bracket][rung], place: place, rung: rung, epochs: ladder.epochs[rung],
      places: places, eta: eta, bracket: bracket)
  }

  /// Forgets what the trial had, at all rungs.
  public mutating func drop(trial: Int) {
    let bracket = brackets.bracket(of: trial)
    for rung in rankings[bracket].indices { rankings[bracket][rung].remove(trial: trial) }
    rungs[trial] = nil
  }

  /// The best choice of the highest rung that has one.
  public mutating func promote(isComplete: Bool) -> Promotion? {
    for rung in stride(from: min(ceiling, ladder.last) - 1, through: 0, by: -1) {
      for bracket in rankings.indices where bracket <= rung {
        let places = rankings[bracket][rung].count / eta
        guard let place = rankings[bracket][rung].bestWaiting(), place < places else { continue }
        return promotion(
          bracket, rung, place, standing(bracket, rung, place).explanation("promote"))
      }
    }
    return isComplete && !isAnyWhole ? lastPromotion() : nil
  }

  private mutating func lastPromotion() -> Promotion? {
    for rung in stride(from: ladder.last - 1, through: 0, by: -1) {
      for bracket in rankings.indices {
        guard let place = rankings[bracket][rung].bestWaiting() else { continue }
        return promotion(
          bracket, rung, place,
          standing(bracket, rung, place).explanation(
            "promote", "no other trial comes, and one is trained to the end"))
      }
    }
    return nil
  }

  private mutating func promotion(
    _ bracket: Int, _ rung: Int, _ place: Int, _ why: Explanation
  ) -> Promotion {
    rankings[bracket][rung].promote(at: place)
    return Promotion(
      trial: rankings[bracket][rung].entry(at: place).trial, until: ladder.epochs[rung + 1],
      why: why)
  }

  /// Where the trial stood in the end.
  public mutating func remainder(trial: Int) -> Explanation {
    explanation("stop", trial) ?? Explanation(kind: "stop", reason: "the sweep is over")
  }

  /// Where a trial with one bracket stands; for ``PASHA``.
  func losses(of trial: Int, rung: Int) -> [Double]? { rankings[0][rung].losses(of: trial) }

  /// The trials at a rung of bracket 0, the best first; for ``PASHA``.
  mutating func order(rung: Int) -> [Int] {
    (0..<rankings[0][rung].count).map { rankings[0][rung].entry(at: $0).trial }
  }
}

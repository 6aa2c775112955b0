/// Progressive ASHA (Bohdal et al. 2023): ``PromotingASHA`` that begins with two rungs and adds the
/// next one only when the two highest disagree on who is better, so that sweeps whose early losses
/// already tell end early.
///
/// Rankings disagree if a trial has another place in the higher rung than in the lower one, unless it
/// and the trial of that place are within ε there. ε is what noise amounts to: the 90th percentile of
/// |difference| over pairs of trials at the highest rung whose order flipped and flipped back. With
/// several objectives ε is 0.
public struct PASHA: StopRule {
  /// The name of the rule.
  public var name: String { asha.name }

  private var asha: PromotingASHA
  /// Differences of pairs whose order flipped and flipped back, rising.
  private var noise: [Double] = []
  /// Below it, a difference between two losses is noise.
  private(set) var epsilon = 0.0

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - eta: The factor between rungs, and the share that goes on.
  ///   - minimumEpochs: The lowest rung.
  ///   - trials: How many trials the sweep has.
  public init(epochs: Int, eta: Int = 3, minimumEpochs: Int = 1, trials: Int) {
    let ladder = Ladder(minimum: minimumEpochs, eta: eta, epochs: epochs)
    asha = PromotingASHA(
      StopRuleKind.pasha.rawValue, ladder, eta: eta, brackets: 1, trials: trials)
    asha.ceiling = min(1, ladder.last)
  }

  /// All rungs, also those that are not yet needed.
  public func rungs(trial: Int) -> [Int] { asha.rungs(trial: trial) }

  /// The epochs of the highest rung that is needed so far.
  var highest: Int { asha.ladder.epochs[asha.ceiling] }

  /// Lets the trial wait; one at the highest rung may show that another one is needed.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    let judgement = asha.report(trial: trial, epochs: epochs, losses: losses)
    guard case .pause = judgement, asha.ceiling > 0, epochs == highest else { return judgement }
    measureNoise(of: trial)
    if !ranksAgree() {
      asha.ceiling += 1
      noise = []
    }
    return judgement
  }

  /// Compares a trial that has come to the highest rung with the others there.
  private mutating func measureNoise(of trial: Int) {
    guard asha.ceiling >= 2, asha.losses(of: trial, rung: 0)?.count == 1 else { return }
    let curve = self.curve(of: trial)
    for other in asha.order(rung: asha.ceiling) where other != trial {
      let differences = zip(curve, self.curve(of: other)).map { $0 - $1 }
      guard let last = differences.last, last != 0 else { continue }
      let earlier = differences.dropLast().map { $0 * last }
      guard let flip = earlier.lastIndex(where: { $0 < 0 }) else { continue }
      if earlier[..<flip].contains(where: { $0 > 0 }) { noise.append(last.magnitude) }
    }
    guard !noise.isEmpty else { return }
    noise.sort()
    let place = 0.9 * Double(noise.count - 1)
    let below = Int(place)
    let above = min(below + 1, noise.count - 1)
    epsilon = noise[below] + (noise[above] - noise[below]) * (place - Double(below))
  }

  /// The losses of a trial from the lowest rung to the highest that is needed.
  private func curve(of trial: Int) -> [Double] {
    (0...asha.ceiling).compactMap { asha.losses(of: trial, rung: $0)?.first }
  }

  private mutating func ranksAgree() -> Bool {
    let rung = asha.ceiling
    let top = asha.order(rung: rung)
    guard top.count > 1 else { return true }
    let members = Set(top)
    let below = asha.order(rung: rung - 1).filter(members.contains)
    return zip(top, below).allSatisfy { one, other in
      guard one != other, let losses = asha.losses(of: one, rung: rung - 1) else { return true }
      guard losses.count == 1, let others = asha.losses(of: other, rung: rung - 1) else {
        return false
      }
      return (losses[0] - others[0]).magnitude <= epsilon
    }
  }

  /// Forgets what the trial had, at all rungs.
  public mutating func drop(trial: Int) { asha.drop(trial: trial) }

  /// The best choice of the highest rung below the one that is needed.
  public mutating func promote(isComplete: Bool) -> Promotion? {
    asha.promote(isComplete: isComplete)
  }

  /// Where the trial stood in the end.
  public mutating func remainder(trial: Int) -> Explanation { asha.remainder(trial: trial) }
}

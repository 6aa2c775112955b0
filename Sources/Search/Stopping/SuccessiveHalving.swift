/// Synchronous successive halving (Jamieson and Talwalkar 2016): trials wait at a rung until all of
/// their group stand there; then the best 1/eta go on, at least one, and the others are over.
///
/// A group is all the trials of a bracket; with cycles, as for ``Hyperband``, those of one cycle.
public struct SuccessiveHalving: StopRule {
  /// The name of the rule.
  public let name: String

  private struct Group {
    /// One for each rung from that of the bracket on.
    var rankings: [Ranking]
    /// How many trials stand at each rung or are on their way to it.
    var awaited: [Int]
    /// The first rung that has not been judged.
    var open = 0
  }

  private let ladder: Ladder
  private let eta: Int
  private let brackets: Brackets
  private let hasCycles: Bool
  private var groups: [Group] = []
  /// The rung, counted from that of the bracket, at which a trial stands or to which it is on its way;
  /// the first one if it is not here.
  private var rungs: [Int: Int] = [:]
  private var isOver: Set<Int> = []
  // The next one stands last: taking it moves no other.
  private var promotions: [Promotion] = []
  private var dismissals: [Dismissal] = []

  /// The rule for trainings of so many epochs.
  ///
  /// - Parameters:
  ///   - epochs: The whole training.
  ///   - eta: The factor between rungs, and the share that goes on.
  ///   - minimumEpochs: The lowest rung.
  ///   - brackets: How many brackets trials are shared out to.
  ///   - trials: How many trials the sweep has: rungs wait for them.
  public init(epochs: Int, eta: Int = 3, minimumEpochs: Int = 1, brackets: Int = 1, trials: Int) {
    self.init(
      StopRuleKind.halving.rawValue, Ladder(minimum: minimumEpochs, eta: eta, epochs: epochs),
      eta: eta, brackets: brackets, hasCycles: false, trials: trials)
  }

  init(
    _ name: String, _ ladder: Ladder, eta: Int, brackets: Int, hasCycles: Bool, trials: Int
  ) {
    self.name = name
    self.ladder = ladder
    self.eta = eta
    self.hasCycles = hasCycles
    self.brackets = Brackets(
      count: brackets, rungs: ladder.epochs.count, eta: eta, trials: trials)
    for trial in 0..<trials {
      let key = group(of: trial)
      while groups.count <= key {
        let rungs = ladder.epochs.count - groups.count % self.brackets.count
        groups.append(
          Group(
            rankings: Array(repeating: Ranking(), count: rungs),
            awaited: Array(repeating: 0, count: rungs)))
      }
      groups[key].awaited[0] += 1
    }
  }

  private func group(of trial: Int) -> Int {
    let cycle = hasCycles ? brackets.cycle(of: trial) : 0
    return cycle * brackets.count + brackets.bracket(of: trial)
  }

  /// The rungs from that of its bracket on.
  public func rungs(trial: Int) -> [Int] {
    Array(ladder.epochs[brackets.bracket(of: trial)...])
  }

  /// Lets the trial wait for the others of its group.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    let key = group(of: trial)
    let bracket = brackets.bracket(of: trial)
    let rung = ladder.rung(at: epochs) - bracket
    guard rung + bracket < ladder.last else { return .complete }
    guard losses.allSatisfy(\.isFinite) else {
      drop(trial: trial)
      return .stop(.notFinite(losses, epochs: epochs))
    }
    rungs[trial] = rung
    groups[key].rankings[rung].insert(trial: trial, losses: losses)
    let (there, all) = (groups[key].rankings[rung].count, groups[key].awaited[rung])
    judgeIfFull(key)
    return .pause(
      Explanation(
        kind: "pause",
        reason: "\(there) of \(all) trials that are compared stand at epoch \(epochs)",
        details: [
          "awaited": .integer(all), "bracket": .integer(bracket), "epochs": .integer(epochs),
          "eta": .integer(eta), "loss": Standing.value(losses), "population": .integer(there),
          "rung": .integer(rung + bracket),
        ]))
  }

  /// Awaits the trial no longer.
  public mutating func drop(trial: Int) {
    let key = group(of: trial)
    let rung = rungs[trial] ?? 0
    guard rung >= groups[key].open, isOver.insert(trial).inserted else { return }
    promotions.removeAll { $0.trial == trial }
    groups[key].rankings[rung].remove(trial: trial)
    groups[key].awaited[rung] -= 1
    judgeIfFull(key)
  }

  /// Whether a rung of a group is left to be judged: at the last one trials are over.
  private func isOpen(_ key: Int) -> Bool {
    groups[key].open < groups[key].rankings.count - 1
  }

  private mutating func judgeIfFull(_ key: Int) {
    let group = groups[key]
    if isOpen(key), group.rankings[group.open].count == group.awaited[group.open] { judge(key) }
  }

  private mutating func judge(_ key: Int) {
    let bracket = key % brackets.count
    let rung = groups[key].open
    let count = groups[key].rankings[rung].count
    let places = count == 0 ? 0 : max(count / eta, 1)
    groups[key].open += 1
    groups[key].awaited[rung + 1] = places
    var chosen: [Promotion] = []
    var others: [Dismissal] = []
    let until = ladder.epochs[bracket + rung + 1]
    for place in 0..<count {
      let trial = groups[key].rankings[rung].entry(at: place).trial
      let standing = Standing(
        &groups[key].rankings[rung], place: place, rung: bracket + rung,
        epochs: ladder.epochs[bracket + rung], places: places, eta: eta, bracket: bracket)
      if place < places {
        rungs[trial] = rung + 1
        chosen.append(
          Promotion(trial: trial, until: until, why: standing.explanation("promote")))
      } else {
        isOver.insert(trial)
        others.append(Dismissal(trial: trial, why: standing.explanation("stop")))
      }
    }
    // Those that have come furthest go on first.
    let place = promotions.firstIndex { $0.until >= until } ?? promotions.endIndex
    promotions.insert(contentsOf: chosen.reversed(), at: place)
    dismissals.insert(contentsOf: others.reversed(), at: 0)
  }

  /// The best of the rungs that are full; if nothing more comes, also of those that are not.
  public mutating func promote(isComplete: Bool) -> Promotion? {
    if promotions.isEmpty, isComplete {
      for key in groups.indices where isOpen(key) {
        if groups[key].rankings[groups[key].open].count > 0 { judge(key) }
      }
    }
    return promotions.popLast()
  }

  /// The trials that were not among the best when their rung was full.
  public mutating func dismiss() -> Dismissal? { dismissals.popLast() }
}

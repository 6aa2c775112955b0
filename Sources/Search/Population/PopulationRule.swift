import Philox

/// Population based training (Jaderberg et al. 2017): all trials are trained side by side; at each look
/// the worst go on from the checkpoints of the best, with values near to theirs.
///
/// Members wait for each other at a look, which makes it exact: who is copied, and with what values,
/// depends on the losses and the seed alone, not on how fast anybody was. One that fails is over, and
/// the others go on without it.
public struct PopulationRule: StopRule {
  /// The name of the rule.
  public let name = SamplerKind.pbt.rawValue

  private let settings: PopulationSettings
  private let space: Space
  private let ladder: Ladder
  private var assignments: [Int: Assignment] = [:]
  private var living: Set<Int>
  /// Those that stand at the next look.
  private var standing = Ranking()
  private var look = 0
  // The next one stands last.
  private var promotions: [Promotion] = []

  /// A population that has not begun.
  ///
  /// - Parameters:
  ///   - settings: How it is trained.
  ///   - space: The values that members may have.
  public init(_ settings: PopulationSettings, space: Space) {
    self.settings = settings
    self.space = space
    ladder = Ladder(every: settings.every, warmUp: 0, epochs: settings.epochs)
    living = Set(0..<settings.members)
  }

  /// Every so many epochs.
  public func rungs(trial: Int) -> [Int] { ladder.epochs }

  /// Learns with what values a member begins.
  public mutating func begin(trial: Int, assignment: Assignment) {
    assignments[trial] = assignment
  }

  /// Lets the member wait for the others.
  public mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    let rung = ladder.rung(at: epochs)
    guard rung < ladder.last else { return .complete }
    guard losses.allSatisfy(\.isFinite) else {
      drop(trial: trial)
      return .stop(.notFinite(losses, epochs: epochs))
    }
    standing.insert(trial: trial, losses: losses)
    let (there, all) = (standing.count, living.count)
    lookIfAllStand()
    return .pause(
      Explanation(
        kind: "pause", reason: "\(there) of \(all) members stand at epoch \(epochs)",
        details: [
          "awaited": .integer(all), "epochs": .integer(epochs), "loss": Standing.value(losses),
          "population": .integer(there), "rung": .integer(rung),
        ]))
  }

  /// Awaits the member no longer.
  public mutating func drop(trial: Int) {
    guard living.remove(trial) != nil else { return }
    promotions.removeAll { $0.trial == trial }
    standing.remove(trial: trial)
    lookIfAllStand()
  }

  /// The members as soon as all stand at the look: copies first, while those that they are copied from
  /// still wait there.
  public mutating func promote(isComplete: Bool) -> Promotion? { promotions.popLast() }

  private mutating func lookIfAllStand() {
    let count = standing.count
    guard count > 0, count == living.count, look < ladder.last else { return }
    let (epochs, until) = (ladder.epochs[look], ladder.epochs[look + 1])
    // Not more than half: nobody is copied who is replaced.
    let copied = min(count / 2, max(1, Int(settings.quantile * Double(count))))
    var random = Philox(seed: settings.seed, trial: UInt32(look))
      .sequence(.search, step: UInt32.max)
    let order = (0..<count).map { standing.entry(at: $0) }
    var chosen: [Promotion] = []
    for (place, entry) in order.enumerated() {
      var details: [String: Value] = [
        "epochs": .integer(epochs), "loss": Standing.value(entry.losses),
        "population": .integer(count), "rank": .integer(place + 1), "rung": .integer(look),
      ]
      let rank = "rank \(place + 1) of \(count) at epoch \(epochs)"
      guard place >= count - copied else {
        let reason = place < copied ? "\(rank): among the best \(copied)" : "\(rank): goes on"
        chosen.append(
          Promotion(
            trial: entry.trial, until: until,
            why: Explanation(kind: "promote", reason: reason, details: details)))
        continue
      }
      let parent = order[random.index(below: copied)]
      let values = explore(assignments[parent.trial] ?? Assignment(), &random)
      details["parent"] = .integer(parent.trial)
      details["params"] = .map(
        Dictionary(uniqueKeysWithValues: values.map { ($0.path, $0.value) }))
      let reason =
        "\(rank): goes on as a copy of trial \(parent.trial), loss "
        + "\(Standing.text(parent.losses)), with \(values)"
      chosen.append(
        Promotion(
          trial: entry.trial, until: until,
          why: Explanation(kind: "copy", reason: reason, details: details),
          inheritance: Inheritance(parent: parent.trial, assignment: values)))
    }
    for case (let trial, let values?) in chosen.map({ ($0.trial, $0.inheritance?.assignment) }) {
      assignments[trial] = values
    }
    func turn(_ one: Promotion) -> (Int, Int) { (one.inheritance == nil ? 1 : 0, one.trial) }
    promotions = chosen.sorted { turn($0) > turn($1) }
    standing = Ranking()
    look += 1
  }

  /// Values near to those of a parent, which the constraints allow; the parent's own if none of a
  /// hundred tries is.
  private func explore(_ parent: Assignment, _ random: inout RandomSequence) -> Assignment {
    for _ in 0..<100 {
      let values = space.draw { parameter in
        let factor = random.uniform() < 0.5 ? settings.factor : 1 / settings.factor
        guard let value = parent[parameter.path], random.uniform() >= settings.resample else {
          return parameter.distribution.sample(&random)
        }
        return parameter.distribution.moved(value, by: factor)
      }
      let point = Assignment(space, values: values)
      if space.isAllowed(point) { return point }
    }
    return parent
  }
}

/// The finished trials from the best to the worst, and how many of them are good.
///
/// Those that kept their constraints and ended come first, by loss; then those that were stopped
/// early, the longest trained first; then those that broke constraints, by how much.
struct TrialRanking: Sendable {
  /// Where a trial stands among the others.
  struct Rank: Comparable, Sendable {
    enum Tier: Int { case completed, pruned, infeasible }
    let tier: Tier
    let first: Double
    let second: Double
    let trial: Int

    static func < (one: Rank, other: Rank) -> Bool {
      if one.tier != other.tier { return one.tier.rawValue < other.tier.rawValue }
      if one.first != other.first { return one.first < other.first }
      if one.second != other.second { return one.second < other.second }
      return one.trial < other.trial
    }
  }

  private let options: TPEOptions
  private var ranks: [Int: Rank] = [:]
  private var order: [Rank] = []
  /// Trials that were told of since the last sort, and where each stands in the order.
  private var changes: [Int: Rank?] = [:]
  /// The completed trials, if there is more than one objective.
  private var fronts = LeadingFronts()
  private let objectives: Int

  init(_ options: TPEOptions, objectives: Int = 1) {
    self.options = options
    self.objectives = objectives
  }

  /// How many trials have ended with a value.
  var count: Int { ranks.count }

  /// Takes in what became of a trial.
  mutating func observe(_ observation: Observation) {
    let trial = observation.trial
    let rank = Self.rank(observation)
    if changes[trial] == nil { changes[trial] = .some(ranks[trial]) }
    ranks[trial] = rank
    guard objectives > 1 else { return }
    if case .completed(let losses) = observation.outcome, rank?.tier == .completed {
      fronts.set(losses.map { $0.isNaN ? .infinity : $0 }, of: trial)
    } else {
      fronts.set(nil, of: trial)
    }
  }

  /// Where a trial stands; nil if it has not ended with a value.
  static func rank(_ observation: Observation) -> Rank? {
    func loss(_ losses: [Double]) -> Double {
      losses.first.map { $0.isNaN ? .infinity : $0 } ?? .infinity
    }
    func rank(_ tier: Rank.Tier, _ first: Double, _ second: Double) -> Rank {
      observation.violation > 0
        ? Rank(
          tier: .infeasible, first: observation.violation, second: 0, trial: observation.trial)
        : Rank(tier: tier, first: first, second: second, trial: observation.trial)
    }
    switch observation.outcome {
    case .completed(let losses): return rank(.completed, loss(losses), 0)
    case .pruned(let losses, let epochs): return rank(.pruned, -Double(epochs), loss(losses))
    case .running, .failed: return nil
    }
  }

  /// The trials that are good, in no order.
  mutating func good() -> Set<Int> {
    sort()
    let count = options.goodCount(of: order.count, objectives: objectives)
    guard objectives > 1, fronts.count > count else {
      return Set(order.prefix(count).map(\.trial))
    }
    return Set(fronts.best(count))
  }

  private mutating func sort() {
    if changes.count > 64 {
      order = ranks.values.sorted()
    } else {
      for (trial, old) in changes {
        if let old { order.remove(at: order.firstPlace { !($0 < old) }) }
        guard let rank = ranks[trial] else { continue }
        order.insert(rank, at: order.firstPlace { !($0 < rank) })
      }
    }
    changes = [:]
  }
}

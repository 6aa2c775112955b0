/// How much depends on a parameter: a share of 1 that it has with the other parameters.
public struct Importance: Hashable, Sendable {
  /// The path of the parameter.
  public let path: String
  /// Its share; the shares of all parameters add up to 1.
  public let share: Double
  /// How many trials had a value for it.
  public let trials: Int
}

/// How much depends on two parameters together, beyond what each does alone.
public struct Interaction: Hashable, Sendable {
  /// The paths of the parameters, in their order.
  public let paths: [String]
  /// The share of the whole variance that is theirs together.
  public let share: Double
}

/// A trial that ended well: what it was given, and what came of it. Less is better.
public typealias ScoredTrial = (assignment: Assignment, loss: Double)

extension Importance {
  /// Shares that add up to 1, the largest first; equal shares where nothing can be told apart.
  static func normalized(_ raw: [(path: String, share: Double, trials: Int)]) -> [Importance] {
    let total = raw.reduce(0) { $0 + $1.share }
    return raw.map { path, share, trials in
      Importance(
        path: path, share: total > 0 ? share / total : 1 / Double(raw.count), trials: trials)
    }.sorted { ($1.share, $0.path) < ($0.share, $1.path) }
  }
}

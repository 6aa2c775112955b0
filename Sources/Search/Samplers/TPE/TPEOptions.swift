/// How ``TPESampler`` searches. The defaults are those that did best in our comparison; those of
/// Optuna 5.0 are ``optuna``.
public struct TPEOptions: Hashable, Sendable {
  /// Where the points come from while too little is known.
  public enum Startup: Hashable, Sendable {
    /// Independent draws.
    case random
    /// Sobol points.
    case sobol
  }

  /// How many trials have to end before the sampler learns from them.
  public var startupTrials = 10
  /// Where the points come from until then.
  public var startup = Startup.sobol
  /// How many points are drawn from the density of the good trials, to choose the best of.
  public var candidates = 24
  /// Whether parameters that are always there together are drawn together.
  public var multivariate = true
  /// Whether trials that are running count as not good, so that other points are tried meanwhile.
  public var constantLiar = true
  /// What the density of all points weighs, in trials; above 0.
  public var priorWeight = 1.0
  /// The share of the trials that are good.
  public var goodShare = 0.1
  /// The most trials that are good, if there is one objective.
  public var mostGood = 25

  /// The defaults.
  public init() {}

  /// The choices of Optuna 5.0 for one objective.
  public static var optuna: TPEOptions {
    var options = TPEOptions()
    options.startup = .random
    return options
  }

  /// How many of some finished trials are good.
  func goodCount(of finished: Int, objectives: Int) -> Int {
    // A tenth of 30 is 3, though 0.1 · 30 is a little more.
    let share = Int((goodShare * Double(finished) - 1e-9).rounded(.up))
    return objectives > 1 ? share : min(share, mostGood)
  }
}

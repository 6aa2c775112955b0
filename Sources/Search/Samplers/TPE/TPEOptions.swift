/// How ``TPESampler`` searches. The defaults are those of Optuna 5.0 (``optuna``) but for two that
/// did better: Sobol points to start with and narrower kernels.
///
/// Median best of 40 seeds after 100 trials, with Optuna's choices, with narrow kernels alone, and
/// with both: Branin 0.413, 0.403, 0.402; Hartmann 6 −3.18, −3.19, −3.27; Rosenbrock 4 with a log and
/// an integer 3.61, 3.26, 3.25; Ackley 10 11.4, 10.7, 11.0. Better here and worse there, so left alone:
/// 48 to 128 candidates, half the prior, a good share of 0.15, 16 trials to start with, kernels as
/// narrow as 1/n². Worse everywhere: each parameter alone.
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
  /// Whether kernels of n good trials may be as narrow as the axis / (n + 2)^1.5, rather than / (n + 2).
  public var isSharp = true
  /// The share of the trials that are good.
  public var goodShare = 0.1
  /// The most trials that are good, if there is one objective.
  public var mostGood = 25
  /// The most trials that are good, if there are several objectives: Optuna has no limit, and is slower
  /// with every trial.
  public var mostGoodOfSeveral = 250

  /// How many of the trials that are not good count, the latest ones: with more, a question would take
  /// longer the longer a sweep runs. Optuna has no limit.
  public var mostRest = 10_000

  /// The defaults.
  public init() {}

  /// The choices of Optuna 5.0 for one objective.
  public static var optuna: TPEOptions {
    var options = TPEOptions()
    options.startup = .random
    options.isSharp = false
    options.mostRest = .max
    return options
  }

  /// How many of some finished trials are good.
  func goodCount(of finished: Int, objectives: Int) -> Int {
    // A tenth of 30 is 3, though 0.1 · 30 is a little more.
    let share = Int((goodShare * Double(finished) - 1e-9).rounded(.up))
    return min(share, objectives > 1 ? mostGoodOfSeveral : mostGood)
  }
}

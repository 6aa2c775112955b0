/// The ways of choosing points that a specification can name.
public enum SamplerKind: String, Hashable, Sendable, CaseIterable {
  /// Every point of the space once.
  case grid
  /// Points drawn at random.
  case random
  /// Points spread evenly.
  case sobol
  /// Points that are likelier among good trials than among others.
  case tpe
  /// Points where a model of all trials expects an improvement.
  case gp
  /// A population that is trained side by side: the worst become copies of the best.
  case pbt
}

/// How settings are chosen.
public struct SearchSettings: Hashable, Sendable {
  /// What the decisions of a search may depend on.
  public enum Order: String, Hashable, Sendable, CaseIterable {
    /// On all results that are there: which ones, depends on the speed of workers.
    case arrival
    /// On those that any run of the sweep has by then, however many workers there are.
    case deterministic
  }

  /// How points are chosen.
  public let sampler: SamplerKind
  /// Trials at random before a sampler learns.
  public let startup: Int
  /// How many points a sampler weighs for each that it suggests.
  public let candidates: Int
  /// Whether a sampler sees parameters together rather than each by itself.
  public let isMultivariate: Bool
  /// What decisions may depend on.
  public let order: Order
  /// With the deterministic order, decision n knows the results up to n − window.
  public let window: Int
  /// Trials of each setting, that differ by their random numbers alone.
  public let repeats: Int
  /// The sweeps whose results a sampler learns from beforehand.
  public internal(set) var warmStart: [Int]
  /// The one of them that is not told by its number, but by its name, or `latest`.
  public internal(set) var warmStartName: String?
  /// How a population is trained, if it is one; its size, epochs and seed are those of the sweep.
  public let population: PopulationSettings
}

extension SpecParser {
  /// How settings are chosen; nil if a part of it was not read.
  mutating func searchSettings() -> SearchSettings? {
    if let sweep = values["search.warm_start"]?.integer {
      values["search.warm_start"] = .list([.integer(sweep)])
    }
    guard let sampler = values["search.sampler"]?.string.flatMap(SamplerKind.init(rawValue:)),
      canStartWarm(sampler), let startup = values["search.startup"]?.integer,
      let candidates = values["search.candidates"]?.integer,
      let isMultivariate = values["search.multivariate"]?.boolean,
      let order = values["search.order"]?.string.flatMap(SearchSettings.Order.init(rawValue:)),
      let window = values["search.window"]?.integer,
      let repeats = values["search.repeats"]?.integer,
      let every = values["search.every"]?.integer,
      let quantile = values["search.quantile"]?.number,
      let factor = values["search.factor"]?.number,
      let resample = values["search.resample"]?.number
    else { return nil }
    var population = PopulationSettings(members: 1, epochs: 1)
    population.every = every
    population.quantile = quantile
    population.factor = factor
    population.resample = resample
    return SearchSettings(
      sampler: sampler, startup: startup, candidates: candidates, isMultivariate: isMultivariate,
      order: order, window: window, repeats: repeats,
      warmStart: values["search.warm_start"]?.list?.compactMap(\.integer) ?? [],
      warmStartName: values["search.warm_start"]?.string,
      population: population)
  }

  /// Whether a sampler can learn from earlier sweeps, if it is to; reports that it cannot.
  private mutating func canStartWarm(_ sampler: SamplerKind) -> Bool {
    let path = "search.warm_start"
    switch sampler {
    case .tpe, .gp: return true
    case .grid, .random, .sobol, .pbt:
      guard values[path] != nil else { return true }
      report(
        positions[path] ?? .start, path,
        "found with the sampler \(sampler.rawValue), which does not learn from it, allowed: with tpe"
          + " or gp")
      return false
    }
  }

  /// When trials are stopped; nil if a part of it was not read, or parts do not go together.
  ///
  /// - Parameters:
  ///   - trials: How many trials the sweep has.
  ///   - goal: Which values of the first objective are good.
  /// - Returns: The settings.
  mutating func stopSettings(trials: Int?, goal: Goal?) -> StopSettings? {
    guard let rule = values["stop.rule"]?.string.flatMap(StopRuleKind.init(rawValue:)),
      let eta = values["stop.eta"]?.integer, let minEpochs = values["stop.min_epochs"]?.integer,
      let every = values["stop.every"]?.integer, let startup = values["stop.startup"]?.integer,
      let warmUp = values["stop.warm_up"]?.integer,
      let patience = values["stop.patience"]?.integer,
      let tolerance = values["stop.tolerance"]?.number, canStop(rule, minEpochs: minEpochs),
      canPopulate(rule),
      let trials, let goal
    else { return nil }
    var settings = StopSettings(rule, epochs: wholeTraining, trials: trials)
    settings.repeats = values["search.repeats"]?.integer ?? 1
    settings.eta = eta
    settings.minimumEpochs = minEpochs
    settings.brackets = values["stop.brackets"]?.integer
    settings.every = every
    settings.warmUp = warmUp
    settings.startup = startup
    settings.patience = patience
    settings.tolerance = tolerance
    settings.threshold = values["stop.threshold"]?.number.map { [goal.loss(of: $0)] } ?? []
    return settings
  }

  /// Whether a population, if there is to be one, can be trained; reports what stands against it.
  private mutating func canPopulate(_ rule: StopRuleKind) -> Bool {
    guard values["search.sampler"]?.string == SamplerKind.pbt.rawValue else { return true }
    let before = errors.count
    if rule != .none {
      report(
        positions["stop.rule"] ?? positions["stop"] ?? .start, "stop.rule",
        "found \(rule.rawValue), allowed: none with the sampler pbt, which judges by itself")
    }
    if let repeats = values["search.repeats"]?.integer, repeats > 1 {
      report(
        positions["search.repeats"] ?? .start, "search.repeats",
        "found \(repeats), allowed: 1 with the sampler pbt, whose settings change on the way")
    }
    let epochs = "training.epochs"
    if let distribution = distributions[epochs] {
      report(
        positions[epochs] ?? .start, epochs,
        "found \(SpecNode.excerpt(distribution.description)), allowed: one number of epochs with the"
          + " sampler pbt, which compares trials at the same ones")
    }
    return errors.count == before
  }

  /// The epochs of a trial, at most: only the rule none goes with several.
  private var wholeTraining: Int {
    let path = "training.epochs"
    guard let distribution = distributions[path] else { return values[path]?.integer ?? 1 }
    let most =
      distribution.values?.compactMap(\.integer).max() ?? distribution.bounds.map { Int($0.high) }
    return most ?? 1
  }

  /// Whether a rule has all that it needs; reports what is missing.
  private mutating func canStop(_ rule: StopRuleKind, minEpochs: Int) -> Bool {
    guard rule != .none else { return true }
    let before = errors.count
    let position = positions["stop"] ?? .start
    if rule == .threshold, values["stop.threshold"] == nil, !isUnread("stop.threshold") {
      report(
        position, "stop.threshold",
        "missing, allowed: a number; trials that are worse are stopped by the rule threshold")
    }
    let epochs = "training.epochs"
    if let distribution = distributions[epochs] {
      report(
        positions[epochs] ?? .start, epochs,
        "found \(SpecNode.excerpt(distribution.description)), allowed: one number of epochs with"
          + " stop: \(rule.rawValue), which compares trials at the same ones")
    } else if let total = values[epochs]?.integer, minEpochs > total {
      report(
        positions["stop.min_epochs"] ?? position, "stop.min_epochs",
        "found \(minEpochs), allowed: at most \(total), the number of \(epochs)")
    }
    return errors.count == before
  }
}

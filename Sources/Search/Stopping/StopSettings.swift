/// The rules by their names in specifications.
public enum StopRuleKind: String, Hashable, Sendable, CaseIterable {
  /// ``WholeTraining``.
  case none
  /// ``MedianRule``.
  case median
  /// ``PatienceRule``.
  case patience
  /// ``ThresholdRule``.
  case threshold
  /// ``SuccessiveHalving``.
  case halving
  /// ``Hyperband``.
  case hyperband
  /// ``PromotingASHA``.
  case asha
  /// ``StoppingASHA``.
  case stoppingASHA = "asha_stop"
  /// ``PASHA``.
  case pasha
}

/// Which rule judges the trials of a sweep, and with what options. Each rule reads its own.
public struct StopSettings: Hashable, Sendable {
  /// The rule.
  public var rule: StopRuleKind
  /// The epochs of a whole training.
  public var epochs: Int
  /// How many trials the sweep has.
  public var trials: Int
  /// How many trials try the same setting: rules that halve compare settings by their means.
  public var repeats = 1
  /// Rules that halve: the factor between rungs, and the share that goes on.
  public var eta = 3
  /// Rules that halve: the lowest rung.
  public var minimumEpochs = 1
  /// Rules that halve: how many brackets trials are shared out to; nil for one, for hyperband one for
  /// each rung. Pasha has one.
  public var brackets: Int?
  /// Median, patience, threshold: the epochs between two looks.
  public var every = 1
  /// Median, patience, threshold: epochs without a look at the start of each trial.
  public var warmUp = 0
  /// Median: how many trials pass each rung without being judged.
  public var startup = 5
  /// Patience: after so many looks without improvement a trial is stopped.
  public var patience = 5
  /// Patience: what a loss has to fall by, and more, to count as improved.
  public var tolerance = 0.0
  /// Threshold: the worst loss of each objective that may go on.
  public var threshold: [Double] = []

  /// A rule with the options that are usual for it.
  ///
  /// - Parameters:
  ///   - rule: The rule.
  ///   - epochs: The epochs of a whole training.
  ///   - trials: How many trials the sweep has.
  public init(_ rule: StopRuleKind = .none, epochs: Int, trials: Int) {
    self.rule = rule
    self.epochs = epochs
    self.trials = trials
  }
}

extension StopSettings: CustomStringConvertible {
  /// The text where all objectives are minimized.
  public var description: String { text(goals: []) }

  /// `asha: {eta: 3}`: the rule and its options, as in a specification; those that few change only if
  /// they are not as usual.
  ///
  /// - Parameter goals: Those of the objectives: a threshold is told in their values.
  /// - Returns: The text.
  public func text(goals: [Goal]) -> String {
    var options: [String] = []
    switch rule {
    case .none: break
    case .median: options.append("startup: \(startup)")
    case .patience:
      options.append("patience: \(patience)")
      if tolerance != 0 { options.append("tolerance: \(Value.short(tolerance))") }
    case .threshold:
      let bounds = threshold.enumerated().map { objective, bound in
        goals.indices.contains(objective) && goals[objective] == .maximize ? -bound : bound
      }
      options.append("threshold: \(Standing.text(bounds))")
    case .halving, .hyperband, .asha, .stoppingASHA, .pasha:
      options.append("eta: \(eta)")
      if minimumEpochs != 1 { options.append("min_epochs: \(minimumEpochs)") }
      if let brackets, rule != .pasha { options.append("brackets: \(brackets)") }
    }
    if [.median, .patience, .threshold].contains(rule) {
      if every != 1 { options.append("every: \(every)") }
      if warmUp != 0 { options.append("warm_up: \(warmUp)") }
    }
    return options.isEmpty
      ? rule.rawValue : "\(rule.rawValue): {\(options.joined(separator: ", "))}"
  }
}

/// The rule that settings describe.
///
/// - Precondition: Numbers are in the ranges of the rule: positive, `eta` at least 2, `warmUp`,
///   `startup` and `tolerance` not negative.
public func makeStopRule(_ settings: StopSettings) -> any StopRule {
  switch settings.rule {
  case .halving, .hyperband, .asha, .stoppingASHA, .pasha:
    guard settings.repeats > 1 else { break }
    var single = settings
    single.repeats = 1
    single.trials = (settings.trials + settings.repeats - 1) / settings.repeats
    return JointRule(
      makeStopRule(single), repeats: settings.repeats, trials: settings.trials)
  case .none, .median, .patience, .threshold: break
  }
  let epochs = settings.epochs
  let (every, warmUp) = (settings.every, settings.warmUp)
  let (eta, minimum, trials) = (settings.eta, settings.minimumEpochs, settings.trials)
  let brackets = settings.brackets ?? 1
  switch settings.rule {
  case .none: return WholeTraining(epochs: epochs)
  case .median:
    return MedianRule(epochs: epochs, every: every, warmUp: warmUp, startup: settings.startup)
  case .patience:
    return PatienceRule(
      epochs: epochs, every: every, warmUp: warmUp, patience: settings.patience,
      tolerance: settings.tolerance)
  case .threshold:
    return ThresholdRule(epochs: epochs, every: every, warmUp: warmUp, bounds: settings.threshold)
  case .halving:
    return SuccessiveHalving(
      epochs: epochs, eta: eta, minimumEpochs: minimum, brackets: brackets, trials: trials)
  case .hyperband:
    return Hyperband(
      epochs: epochs, eta: eta, minimumEpochs: minimum, brackets: settings.brackets,
      trials: trials)
  case .asha:
    return PromotingASHA(
      epochs: epochs, eta: eta, minimumEpochs: minimum, brackets: brackets, trials: trials)
  case .stoppingASHA:
    return StoppingASHA(
      epochs: epochs, eta: eta, minimumEpochs: minimum, brackets: brackets, trials: trials)
  case .pasha:
    return PASHA(epochs: epochs, eta: eta, minimumEpochs: minimum, trials: trials)
  }
}

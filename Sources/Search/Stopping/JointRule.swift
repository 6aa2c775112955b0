/// Judges settings instead of trials: the repeats of a setting wait for each other at a rung, are
/// judged by the mean of their losses, and go on or are over together.
///
/// The rule inside sees settings by their numbers, as if each was one trial. Judged one by one, the
/// lucky seeds of many settings would go on, and no setting would have a mean at the end.
struct JointRule: StopRule {
  /// The repeats of a setting.
  private struct Group {
    /// Those that were not dropped.
    var members: [Int]
    /// The rung at which the first of them stand, while others are on their way to it.
    var epochs = 0
    /// What they had there.
    var losses: [Int: [Double]] = [:]

    /// What the setting is worth at the rung; nil while one of its trials is awaited.
    var mean: [Double]? {
      guard !members.isEmpty, losses.count == members.count else { return nil }
      // In the order of their numbers: sums must not depend on which came first.
      let rows = members.compactMap { losses[$0] }
      return rows[0].indices.map { objective in
        rows.reduce(0) { $0 + $1[objective] } / Double(rows.count)
      }
    }
  }

  private var rule: any StopRule
  private let repeats: Int
  private var groups: [Group]
  // The next one stands last.
  private var promotions: [Promotion] = []
  private var dismissals: [Dismissal] = []

  /// A rule for settings that are tried by several trials: trial n tries setting n / `repeats`.
  ///
  /// - Parameters:
  ///   - rule: Judges settings.
  ///   - repeats: How many trials try the same setting.
  ///   - trials: How many trials the sweep has.
  init(_ rule: any StopRule, repeats: Int, trials: Int) {
    self.rule = rule
    self.repeats = repeats
    groups = stride(from: 0, to: trials, by: repeats).map { first in
      Group(members: Array(first..<min(first + repeats, trials)))
    }
  }

  /// The name of the rule inside.
  var name: String { rule.name }

  /// The rungs of the setting.
  func rungs(trial: Int) -> [Int] { rule.rungs(trial: trial / repeats) }

  /// Takes in that the setting begins, with its first trial.
  mutating func begin(trial: Int, assignment: Assignment) {
    guard trial.isMultiple(of: repeats) else { return }
    rule.begin(trial: trial / repeats, assignment: assignment)
  }

  /// Lets the trial wait until all repeats of its setting stand at the rung.
  mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement {
    guard losses.allSatisfy(\.isFinite) else {
      drop(trial: trial)
      return .stop(.notFinite(losses, epochs: epochs))
    }
    let setting = trial / repeats
    groups[setting].epochs = epochs
    groups[setting].losses[trial] = losses
    let (there, all) = (groups[setting].losses.count, groups[setting].members.count)
    if let judgement = judge(setting, telling: trial) { return judgement }
    guard rule.rung(after: epochs, trial: setting) != nil else { return .complete }
    return .pause(
      Explanation(
        kind: "pause",
        reason: "\(there) of \(all) repeats of setting \(setting) stand at epoch \(epochs)",
        details: [
          "awaited": .integer(all), "epochs": .integer(epochs), "loss": Standing.value(losses),
          "population": .integer(there), "setting": .integer(setting),
        ]))
  }

  /// Awaits the trial no longer: its setting is judged by the others.
  mutating func drop(trial: Int) {
    let setting = trial / repeats
    groups[setting].members.removeAll { $0 == trial }
    groups[setting].losses[trial] = nil
    if groups[setting].members.isEmpty {
      rule.drop(trial: setting)
    } else {
      _ = judge(setting, telling: nil)
    }
  }

  /// Judges a setting if none of its trials is awaited at the rung.
  ///
  /// - Parameters:
  ///   - setting: The number of the setting.
  ///   - trial: The trial that learns of it by what is returned; the others wait and are promoted or
  ///     dismissed.
  /// - Returns: The judgement; nil if it is too early for one.
  private mutating func judge(_ setting: Int, telling trial: Int?) -> Judgement? {
    guard let mean = groups[setting].mean else { return nil }
    let epochs = groups[setting].epochs
    groups[setting].losses = [:]
    let others = groups[setting].members.filter { $0 != trial }
    switch rule.report(trial: setting, epochs: epochs, losses: mean) {
    case .goOn(let why):
      let why = joint(why, setting)
      promote(others, until: rule.rung(after: epochs, trial: setting) ?? epochs, why)
      return .goOn(why)
    case .pause(let why): return .pause(joint(why, setting))
    case .stop(let why):
      let why = joint(why, setting)
      dismiss(others, why)
      return .stop(why)
    case .complete: return .complete
    }
  }

  private mutating func promote(_ trials: [Int], until: Int, _ why: Explanation) {
    let promoted = trials.map { Promotion(trial: $0, until: until, why: why) }
    promotions.insert(contentsOf: promoted.reversed(), at: 0)
  }

  private mutating func dismiss(_ trials: [Int], _ why: Explanation) {
    let dismissed = trials.map { Dismissal(trial: $0, why: why) }
    dismissals.insert(contentsOf: dismissed.reversed(), at: 0)
  }

  private func joint(_ why: Explanation, _ setting: Int) -> Explanation {
    let count = groups[setting].members.count
    var details = why.details
    details["setting"] = .integer(setting)
    details["repeats"] = .integer(count)
    return Explanation(
      kind: why.kind,
      reason: "setting \(setting), the mean of \(count) repeat\(count == 1 ? "" : "s"): "
        + why.reason,
      details: details)
  }

  /// A trial of the setting that was chosen last, or of the best choice now.
  mutating func promote(isComplete: Bool) -> Promotion? {
    if promotions.isEmpty, let promotion = rule.promote(isComplete: isComplete) {
      promote(
        groups[promotion.trial].members, until: promotion.until,
        joint(promotion.why, promotion.trial))
    }
    return promotions.popLast()
  }

  /// A trial of a setting that is over.
  mutating func dismiss() -> Dismissal? {
    while dismissals.isEmpty, let dismissal = rule.dismiss() {
      dismiss(groups[dismissal.trial].members, joint(dismissal.why, dismissal.trial))
    }
    return dismissals.popLast()
  }

  /// Where the setting of the trial stood in the end.
  mutating func remainder(trial: Int) -> Explanation {
    let setting = trial / repeats
    return joint(rule.remainder(trial: setting), setting)
  }
}

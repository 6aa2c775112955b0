import Philox

/// The observations of a search as its model uses them.
struct SearchHistory: Sendable {
  /// A trial that ended.
  struct Ended: Sendable {
    /// Its number.
    let trial: Int
    /// The positions of its values.
    let positions: [Double]
    /// What the kernel sees of them.
    let features: [Double]
    /// Its losses; nil if it failed.
    let losses: [Double]?
    /// By how much it broke constraints.
    let violation: Double
  }

  /// One loss for each trial that ended.
  struct Losses: Sendable {
    /// The losses, with the worst one in place of those that are missing.
    let values: [Double]
    /// The share of each objective, if there are several.
    let mix: [Double]?
    /// Whether these are violations of constraints, because no trial has kept them so far.
    let areViolations: Bool
  }

  /// The trials that ended, in the order in which their last outcomes were stored.
  private(set) var ended: [Ended] = []
  /// The features of all trials, ended or not.
  private(set) var tried: Set<[Double]> = []
  /// How many of them have losses.
  private(set) var measured = 0
  private var outcomes: [Int: Observation] = [:]
  private var waiting: [Int: [Double]] = [:]

  /// Takes in an observation.
  mutating func take(_ observation: Observation, positions: [Double], features: [Double]) {
    let trial = observation.trial
    guard outcomes[trial] != observation else { return }
    if let old = outcomes.updateValue(observation, forKey: trial), old.outcome != .running,
      let place = ended.lastIndex(where: { $0.trial == trial })
    {
      let removed = ended.remove(at: place)
      if removed.losses != nil { measured -= 1 }
    }
    tried.insert(features)
    waiting[trial] = nil
    let losses: [Double]?
    switch observation.outcome {
    case .running:
      waiting[trial] = features
      return
    case .completed(let values), .pruned(let values, epochs: _):
      // The square of a larger number may not be one.
      losses =
        !values.isEmpty && values.allSatisfy(\.isFinite)
        ? values.map { max(-1e100, min($0, 1e100)) } : nil
    case .failed: losses = nil
    }
    if losses != nil { measured += 1 }
    ended.append(
      Ended(
        trial: trial, positions: positions, features: features, losses: losses,
        violation: observation.violation))
  }

  /// The features of the running trials, without one of them, in the order of their numbers.
  func running(besides trial: Int) -> [[Double]] {
    waiting.filter { $0.key != trial }.sorted { $0.key < $1.key }.map(\.value)
  }

  /// A loss for each trial that ended.
  ///
  /// Several objectives become one: each is brought to 0…1, and the largest weighted one counts, with a
  /// little of the sum of all (ParEGO). A trial without losses, or one that broke constraints, gets the
  /// worst one; until a trial keeps the constraints, violations are what is minimized.
  ///
  /// - Parameter random: Draws the weights.
  /// - Returns: The losses. There is a trial with losses.
  func losses(_ random: inout RandomSequence) -> Losses {
    let isKept = ended.map { $0.losses != nil && $0.violation <= 0 }
    guard isKept.contains(true) else {
      let known = ended.filter { $0.losses != nil }.map(\.violation)
      let worst = known.max() ?? 0
      return Losses(
        values: ended.map { $0.losses == nil ? worst : $0.violation }, mix: nil,
        areViolations: true)
    }
    let kept = zip(ended, isKept).compactMap { $1 ? $0.losses : nil }
    let objectives = kept.map(\.count).min() ?? 1
    let mix = objectives > 1 ? Self.weights(objectives, &random) : nil
    let low = (0..<objectives).map { objective in kept.map { $0[objective] }.min() ?? 0 }
    let high = (0..<objectives).map { objective in kept.map { $0[objective] }.max() ?? 0 }
    let values = zip(ended, isKept).map { trial, isKept -> Double? in
      guard isKept, let losses = trial.losses else { return nil }
      guard let mix else { return losses[0] }
      let shares = mix.indices.map { objective in
        let range = high[objective] - low[objective]
        return range > 0 ? mix[objective] * (losses[objective] - low[objective]) / range : 0
      }
      return (shares.max() ?? 0) + 0.05 * shares.reduce(0, +)
    }
    let worst = values.compactMap { $0 }.max() ?? 0
    return Losses(values: values.map { $0 ?? worst }, mix: mix, areViolations: false)
  }

  /// Weights that sum to one, each such list as likely as any other.
  private static func weights(_ count: Int, _ random: inout RandomSequence) -> [Double] {
    let parts = (0..<count).map { _ in -Exponential.log(max(random.uniform(), 0x1p-53)) }
    let sum = parts.reduce(0, +)
    return parts.map { $0 / sum }
  }
}

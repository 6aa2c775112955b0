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
    /// The losses, with bad ones in place of those that are missing.
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
  /// little of the sum of all (ParEGO). A trial without losses gets the worst one, and one that broke
  /// constraints a worse one the more it broke them; until a trial keeps them, violations alone are
  /// minimized.
  ///
  /// - Parameter random: Draws the weights.
  /// - Returns: The losses. There is a trial with losses.
  func losses(_ random: inout RandomSequence) -> Losses {
    let kept = ended.filter { $0.violation <= 0 }.compactMap(\.losses)
    let worstViolation = ended.map(\.violation).max() ?? 0
    guard let objectives = kept.map(\.count).min() else {
      return Losses(
        values: ended.map { $0.losses == nil ? worstViolation : $0.violation }, mix: nil,
        areViolations: true)
    }
    let mix = objectives > 1 ? Self.weights(objectives, &random) : nil
    let known = Self.mixed(kept, mix)
    let (best, worst) = (known.min() ?? 0, known.max() ?? 0)
    let range = worst > best ? worst - best : 1
    var remaining = known[...]
    let values = ended.map { trial in
      if trial.violation > 0 { return worst + range * (trial.violation / worstViolation) }
      return trial.losses == nil ? worst : remaining.removeFirst()
    }
    return Losses(values: values, mix: mix, areViolations: false)
  }

  /// One loss for each list of losses.
  private static func mixed(_ losses: [[Double]], _ mix: [Double]?) -> [Double] {
    guard let mix else { return losses.map { $0[0] } }
    let ranges = mix.indices.map { objective in
      let column = losses.map { $0[objective] }
      return (low: column.min() ?? 0, high: column.max() ?? 0)
    }
    return losses.map { losses in
      let shares = mix.indices.map { objective in
        let (low, high) = ranges[objective]
        return high > low ? mix[objective] * (losses[objective] - low) / (high - low) : 0
      }
      return (shares.max() ?? 0) + 0.05 * shares.reduce(0, +)
    }
  }

  /// Weights that sum to one, each such list as likely as any other.
  private static func weights(_ count: Int, _ random: inout RandomSequence) -> [Double] {
    let parts = (0..<count).map { _ in -Exponential.log(max(random.uniform(), 0x1p-53)) }
    let sum = parts.reduce(0, +)
    return parts.map { $0 / sum }
  }
}

import Philox

/// Draws every point anew, whatever became of the others.
public struct RandomSampler: Sampler {
  /// The name of the sampler.
  public static let name = "random"
  /// The name of the sampler.
  public var name: String { Self.name }

  private let space: Space
  private let seed: UInt64

  /// Points of a space. Equal seeds give equal points, in any process.
  public init(_ space: Space, seed: UInt64) {
    self.space = space
    self.seed = seed
  }

  /// The point of a trial; there is always one.
  ///
  /// - Precondition: The number fits in 32 bits.
  public func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0 && trial <= UInt32.max, "trial \(trial) cannot be numbered")
    var random = Philox(seed: seed).sequence(.search, step: UInt32(trial))
    let values = space.draw { $0.distribution.sample(&random) }
    return Suggestion(
      trial: trial, assignment: Assignment(space, values: values), sampler: name,
      reason: "draw \(trial + 1) at random with seed \(seed)")
  }
}

import Philox

/// Draws every point anew, whatever became of the others.
public struct RandomSampler: Sampler {
  /// The name of the sampler.
  public static let name = "random"
  /// The name of the sampler.
  public var name: String { Self.name }

  /// A specification is refused whose constraints allow none of ``Space/drawLimit`` points. Whatever
  /// they leave is found with a hundred times as many draws.
  private static let drawLimit = 100 * Space.drawLimit

  private let space: Space
  private let seed: UInt64

  /// Points of a space. Equal seeds give equal points, in any process.
  public init(_ space: Space, seed: UInt64) {
    self.space = space
    self.seed = seed
  }

  /// The point of a trial; nil if a million draws have found none that the constraints allow.
  ///
  /// - Precondition: The number fits in 32 bits.
  public func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0 && trial <= UInt32.max, "trial \(trial) cannot be numbered")
    let assignment = Self.draw(
      from: space, seed: seed, trial: UInt32(trial), limit: Self.drawLimit)
    guard let assignment else { return nil }
    return Suggestion(
      trial: trial, assignment: assignment, sampler: name,
      reason: "draw \(trial + 1) at random with seed \(seed)")
  }

  /// The point of a trial; nil if so many draws find none that the constraints allow.
  static func draw(from space: Space, seed: UInt64, trial: UInt32 = 0, limit: Int) -> Assignment? {
    var random = Philox(seed: seed).sequence(.search, step: trial)
    return space.sample(&random, limit: limit)
  }
}

import Philox

/// Spreads the points evenly over the space, whatever became of the others.
///
/// Any 2^k points from the first one on hit each of 2^k equal parts of each parameter once. With more
/// parameters than there are Sobol dimensions the last ones are drawn at random.
public struct SobolSampler: Sampler {
  /// The name of the sampler.
  public static let name = "sobol"
  /// How many parameters are spread evenly.
  public static let limit = SobolSequence.limit
  /// The name of the sampler.
  public var name: String { Self.name }

  private let space: Space
  private let seed: UInt64
  private let axes: [Axis]
  private let sequence: SobolSequence

  /// Points of a space. Equal seeds give equal points, in any process.
  public init(_ space: Space, seed: UInt64) {
    self.space = space
    self.seed = seed
    axes = space.parameters.map { Axis($0.distribution) }
    sequence = SobolSequence(dimensions: min(axes.count, Self.limit), seed: seed)
  }

  /// The point of a trial; there is always one.
  ///
  /// - Precondition: The number fits in 32 bits.
  public func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0 && trial < UInt32.max, "trial \(trial) cannot be numbered")
    var random = Philox(seed: seed).sequence(.search, step: UInt32(trial))
    let shares = axes.indices.map { dimension in
      dimension < Self.limit
        ? sequence.coordinate(dimension, of: UInt32(trial)) : random.uniform()
    }
    let point = Assignment(space, values: space.drawByPlace { axes[$0].value(atShare: shares[$0]) })
    let beyond = max(0, axes.count - Self.limit)
    let rest = beyond == 0 ? "" : ", the last \(beyond) parameters at random"
    if space.isAllowed(point) {
      return Suggestion(
        trial: trial, assignment: point, sampler: name,
        reason: "point \(trial + 1) of an even spread with seed \(seed)\(rest)")
    }
    return Suggestion(
      trial: trial, assignment: space.drawAllowed(&random), sampler: name,
      reason: "draw \(trial + 1) at random with seed \(seed): "
        + "the constraints exclude the point of the even spread")
  }
}

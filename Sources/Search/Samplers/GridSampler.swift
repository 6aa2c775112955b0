/// Tries every point of a space once.
///
/// Trial n is the number n written with a digit for each parameter: the last parameter in the order
/// of the paths changes with every trial, the first one most slowly.
public struct GridSampler: Sampler {
  /// The name of the sampler.
  public static let name = "grid"
  /// The name of the sampler.
  public var name: String { Self.name }
  /// How many points the grid has.
  public let count: Int

  private let space: Space

  /// The grid of a space; nil if the space has no end or cannot be counted.
  public init?(_ space: Space) {
    guard case .points(let count) = space.size else { return nil }
    self.space = space
    self.count = count
  }

  /// The point of a trial, or nil behind the last one.
  public func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0, "trials are numbered from 0")
    guard trial < count else { return nil }
    var rest = trial
    var values: [Value] = []
    for parameter in space.parameters.reversed() {
      let (quotient, digit) = rest.quotientAndRemainder(
        dividingBy: parameter.distribution.count ?? 1)
      values.append(parameter.distribution.value(at: digit))
      rest = quotient
    }
    return Suggestion(
      trial: trial, assignment: Assignment(space, values: values.reversed()), sampler: name,
      reason: "point \(trial + 1) of \(count) of the grid")
  }
}

/// Tries every point of a space once.
///
/// Trial n is the number n written with a digit for each parameter: the last parameter in the order
/// of the paths changes with every trial, the first one most slowly. Parameters that conditions or
/// constraints tie together share a digit.
public struct GridSampler: Sampler {
  /// The name of the sampler.
  public static let name = "grid"
  /// The name of the sampler.
  public var name: String { Self.name }
  /// How many points the grid has.
  public var count: Int { grid.count }

  private let space: Space
  private let grid: Grid

  /// The grid of a space; nil if the space has no end or cannot be counted.
  public init?(_ space: Space) {
    guard let grid = Grid(space) else { return nil }
    self.space = space
    self.grid = grid
  }

  /// The point of a trial, or nil behind the last one.
  public func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0, "trials are numbered from 0")
    guard trial < count else { return nil }
    return Suggestion(
      trial: trial, assignment: Assignment(space, values: grid[trial]), sampler: name,
      reason: "point \(trial + 1) of \(count) of the grid")
  }
}

/// How a population is trained; the values are those of the paper.
public struct PopulationSettings: Hashable, Sendable {
  /// How many members there are: the trials of the sweep.
  public var members: Int
  /// The epochs of a whole training.
  public var epochs: Int
  /// The epochs between two looks.
  public var every = 1
  /// The share of the worst that go on as copies of the best, and that of the best that are copied.
  public var quantile = 0.25
  /// By how much a number is multiplied or divided in a copy.
  public var factor = 1.2
  /// How often a value of a copy is drawn anew instead.
  public var resample = 0.25
  /// The seed of the sweep.
  public var seed: UInt64 = 0

  /// A population of so many members, trained for so many epochs.
  public init(members: Int, epochs: Int) {
    self.members = members
    self.epochs = epochs
  }
}

/// What a trial that goes on takes over from another one.
public struct Inheritance: Hashable, Sendable {
  /// The trial whose checkpoint it goes on from.
  public let parent: Int
  /// The values that it has from now on.
  public let assignment: Assignment

  /// A trial goes on from another one's checkpoint with new values.
  public init(parent: Int, assignment: Assignment) {
    self.parent = parent
    self.assignment = assignment
  }
}

import Philox

/// Parameters that are there together or not at all, and the densities of their values in good
/// trials and in the others.
struct ParameterGroup: Sendable {
  /// Which of a group's two densities a trial belongs to.
  enum Side: Sendable {
    case good
    case rest
  }

  /// The places of the parameters in their space.
  let places: [Int]
  /// The parameters.
  let axes: [Axis]
  /// The good trials.
  private(set) var good: ParzenEstimator
  /// The others.
  private(set) var rest: ParzenEstimator

  private var changes: [Side: (removed: [Int], inserted: [ParzenEstimator.Entry])] = [:]

  init(_ places: [Int], of space: Space, _ options: TPEOptions, objectives: Int) {
    self.places = places
    axes = places.map { Axis(space.parameters[$0].distribution) }
    good = ParzenEstimator(
      axes, priorWeight: options.priorWeight, isFlat: objectives > 1, isSharp: options.isSharp)
    rest = ParzenEstimator(axes, priorWeight: options.priorWeight)
  }

  /// The groups of a space, each behind those with the parameters that its conditions name.
  ///
  /// Parameters with equal conditions are always there together.
  static func places(of space: Space, areJoined: Bool) -> [[Int]] {
    var groups: [[Int]] = []
    var known: [Set<Condition>: Int] = [:]
    for place in space.drawOrder {
      let conditions = Set(space.parameters[place].conditions)
      if areJoined, let group = known[conditions] {
        groups[group].append(place)
      } else {
        known[conditions] = groups.count
        groups.append([place])
      }
    }
    return groups
  }

  /// The numbers of the group's values in an assignment; nil if it has not all of them.
  func numbers(of assignment: Assignment, in space: Space) -> [Double]? {
    var numbers: [Double] = []
    for (place, axis) in zip(places, axes) {
      guard let value = assignment[space.parameters[place].path],
        let number = axis.number(of: value)
      else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  // MARK: Changing

  /// Takes a trial out of a density, or puts it in, with the next ``apply()``.
  mutating func remove(_ trial: Int, from side: Side) {
    changes[side, default: ([], [])].removed.append(trial)
  }

  /// Puts a trial into a density with the next ``apply()``.
  mutating func insert(_ trial: Int, _ numbers: [Double], into side: Side) {
    changes[side, default: ([], [])].inserted.append(.init(trial: trial, numbers: numbers))
  }

  /// Carries out what was asked for since the last time.
  mutating func apply() {
    if let (removed, inserted) = changes[.good] {
      good.update(removing: removed, inserting: inserted)
    }
    if let (removed, inserted) = changes[.rest] {
      rest.update(removing: removed, inserting: inserted)
    }
    changes = [:]
  }

  // MARK: Choosing

  /// Values that were drawn, and by how much (as a logarithm) they are likelier in good trials than
  /// in the others.
  struct Candidate: Sendable {
    let numbers: [Double]
    let gain: Double
  }

  /// Draws points of the good trials, the most promising first.
  func candidates(_ count: Int, _ random: inout RandomSequence) -> [Candidate] {
    let points = (0..<count).map { _ in good.sample(&random) }
    let candidates = points.map {
      Candidate(numbers: $0, gain: good.logDensity(at: $0) - rest.logDensity(at: $0))
    }
    let order = candidates.indices.sorted { first, second in
      let (gain, other) = (candidates[first].gain, candidates[second].gain)
      return gain != other ? gain > other : first < second
    }
    return order.map { candidates[$0] }
  }
}

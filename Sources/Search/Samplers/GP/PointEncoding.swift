/// Turns assignments into points that a kernel can compare, and back.
///
/// A point has two forms. Its positions are one number for each parameter, there or not. Its features
/// are what the kernel sees: the positions, with those of parameters that are not there replaced by a
/// fixed number, followed by an indicator for each set of conditions: 1 where they hold.
struct PointEncoding: Sendable {
  /// The space.
  let space: Space
  /// The axes of its parameters.
  let axes: [UnitAxis]
  /// Which features are compared for being equal only.
  let isCategory: [Bool]

  private struct Requirement: Sendable {
    let parameter: Int
    let positions: Set<Double>
  }

  private let requirements: [[Requirement]]
  /// For each set of conditions, the first parameter that has it.
  private let indicators: [Int]

  /// The encoding of a space.
  init(_ space: Space) {
    self.space = space
    let axes = space.parameters.map { UnitAxis($0.distribution) }
    self.axes = axes
    requirements = space.parameters.map { parameter in
      parameter.conditions.compactMap { condition in
        space.parameters.firstIndex { $0.path == condition.path }.map { other in
          Requirement(
            parameter: other,
            positions: Set(condition.values.compactMap { axes[other].position(of: $0) }))
        }
      }
    }
    var seen: Set<[Condition]> = [[]]
    indicators = space.parameters.indices.filter {
      seen.insert(space.parameters[$0].conditions).inserted
    }
    isCategory = axes.map(\.isCategory) + indicators.map { _ in true }
  }

  /// Which parameters are there at some positions.
  func presence(_ positions: [Double]) -> [Bool] {
    guard !indicators.isEmpty else { return positions.map { _ in true } }
    var isPresent = Array(repeating: false, count: positions.count)
    for place in space.drawOrder {
      isPresent[place] = requirements[place].allSatisfy {
        isPresent[$0.parameter] && $0.positions.contains(positions[$0.parameter])
      }
    }
    return isPresent
  }

  /// What the kernel sees of some positions.
  func features(_ positions: [Double]) -> [Double] {
    guard !indicators.isEmpty else { return positions }
    let isPresent = presence(positions)
    var features = positions
    for index in positions.indices where !isPresent[index] {
      features[index] = axes[index].isCategory ? -1 : 0.5
    }
    return features + indicators.map { isPresent[$0] ? 1 : 0 }
  }

  /// The assignment at some positions.
  func assignment(_ positions: [Double]) -> Assignment {
    let values = zip(presence(positions), positions).enumerated().map { index, place in
      place.0 ? axes[index].value(at: place.1) : nil
    }
    return Assignment(space, values: values)
  }

  /// The positions of an assignment; nil if the space does not contain it.
  func positions(_ assignment: Assignment) -> [Double]? {
    guard space.contains(assignment) else { return nil }
    let values = Dictionary(uniqueKeysWithValues: assignment.map { ($0.path, $0.value) })
    return zip(space.parameters, axes).map { parameter, axis in
      values[parameter.path].flatMap { axis.position(of: $0) } ?? axis.position(uniform: 0.5)
    }
  }
}

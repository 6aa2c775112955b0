/// The points of a space that can be counted through, numbered from 0.
///
/// Parameters that conditions or constraints tie together form a component; the components are the
/// digits of a point's number, the last one changing fastest. A lone parameter is a component, so
/// that without conditions and constraints a grid of any size costs nothing.
struct Grid: Sendable {
  /// How many points there are.
  let count: Int

  private let components: [GridComponent]
  private let width: Int

  /// The grid of a space; nil if a parameter cannot be counted through, or the points cannot be
  /// counted.
  init?(_ space: Space) {
    var components: [GridComponent] = []
    var count = 1
    for places in Self.components(of: space) {
      guard let component = GridComponent(space, places: places) else { return nil }
      let product = count.multipliedReportingOverflow(by: component.count)
      // A component without a point leaves none, however many the others have.
      guard !product.overflow || component.count == 0 else { return nil }
      count = product.partialValue
      components.append(component)
    }
    let fixed = space.constraints.filter { constraint in
      !constraint.expression.names.contains { space[$0] != nil }
    }
    self.count = fixed.allSatisfy { $0.holds(for: Assignment()) } ? count : 0
    self.components = components
    width = space.parameters.count
  }

  /// The values of a point in the order of the space's parameters; nil for one that is not there.
  subscript(number: Int) -> [Value?] {
    precondition(number >= 0 && number < count, "there is no point \(number)")
    var values: [Value?] = Array(repeating: nil, count: width)
    var rest = number
    for component in components.reversed() {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: component.count)
      component.write(digit, into: &values)
      rest = quotient
    }
    return values
  }

  /// The places of the parameters that belong together, each component in the order of draws.
  private static func components(of space: Space) -> [[Int]] {
    var component = Array(space.parameters.indices)
    func join(_ paths: [String]) {
      let places = space.parameters.indices.filter { paths.contains(space.parameters[$0].path) }
      let joined = Set(places.map { component[$0] })
      guard let least = joined.min() else { return }
      for place in component.indices where joined.contains(component[place]) {
        component[place] = least
      }
    }
    for parameter in space.parameters { join([parameter.path] + parameter.conditions.map(\.path)) }
    for constraint in space.constraints { join(constraint.expression.names) }
    return Set(component).sorted().map { least in
      space.drawOrder.filter { component[$0] == least }
    }
  }
}

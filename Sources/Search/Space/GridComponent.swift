/// The points of some parameters of a space that conditions or constraints tie together.
struct GridComponent: Sendable {
  /// How many points are tried against constraints.
  static let pointLimit = 10_000_000
  /// How many steps of constraints are taken for that.
  static let stepLimit = 500_000_000
  /// How many states and branches are looked at to count through conditions.
  static let branchLimit = 20_000

  /// How many points there are.
  private(set) var count: Int

  private let places: [Int]
  private let parameters: [Parameter]
  /// For each parameter, the ranges of its values that leave the same parameters out.
  private let branches: [[Branch]]
  /// For each parameter, those whose conditions name it.
  private let dependents: [Set<Int>]
  private var counts: [State: Int] = [:]
  /// The numbers of the points that are allowed; nil if all are.
  private var allowed: [UInt32]?

  /// Values with the same consequences.
  private struct Branch {
    var indices: Range<Int>
    /// The parameters that are not there with these.
    let excluded: Set<Int>
  }

  /// Where counting stands: at a parameter, with some that will not be there.
  private struct State: Hashable {
    let position: Int
    let excluded: Set<Int>
  }

  /// The points of parameters of a space; nil if they cannot be counted.
  ///
  /// - Parameters:
  ///   - space: The space.
  ///   - places: The places of the parameters, in the order of draws.
  init?(_ space: Space, places: [Int]) {
    self.places = places
    let parameters = places.map { space.parameters[$0] }
    guard parameters.allSatisfy({ $0.distribution.count != nil }) else { return nil }
    self.parameters = parameters
    dependents = parameters.map { parameter in
      Set(
        parameters.indices.filter { place in
          parameters[place].conditions.contains { $0.path == parameter.path }
        })
    }
    branches = zip(parameters, dependents).map { Self.branches(of: $0, among: parameters, $1) }
    var budget = Self.branchLimit
    var counts: [State: Int] = [:]
    guard
      let raw = Self.count(
        State(position: 0, excluded: []), branches, dependents, &counts, &budget)
    else { return nil }
    self.counts = counts
    count = raw
    let paths = Set(parameters.map(\.path))
    let constraints = space.constraints.filter { !paths.isDisjoint(with: $0.expression.names) }
    guard !constraints.isEmpty else { return }
    let steps = constraints.reduce(0) { $0 + $1.expression.steps.count }
    guard raw <= Self.pointLimit, raw * steps <= Self.stepLimit else { return nil }
    let filter = ConstraintFilter(constraints, parameters: parameters)
    var numbers: [UInt32] = []
    var number: UInt32 = 0
    var values: [Expression.Operand?] = Array(repeating: nil, count: parameters.count)
    walk(State(position: 0, excluded: []), &values) { values in
      if filter.allows(values) { numbers.append(number) }
      number += 1
    }
    allowed = numbers
    count = numbers.count
  }

  /// Writes the values of a point at the places of their parameters.
  func write(_ number: Int, into values: inout [Value?]) {
    var rest = allowed.map { Int($0[number]) } ?? number
    var state = State(position: 0, excluded: [])
    while state.position < parameters.count {
      guard !state.excluded.contains(state.position) else {
        state = next(state, excluding: dependents[state.position])
        continue
      }
      for branch in branches[state.position] {
        let following = next(state, excluding: branch.excluded)
        let width = counts[following] ?? 1
        if rest >= branch.indices.count * width {
          rest -= branch.indices.count * width
          continue
        }
        let index = branch.indices.lowerBound + rest / width
        values[places[state.position]] = parameters[state.position].distribution.value(at: index)
        rest %= width
        state = following
        break
      }
    }
  }

  /// Calls a function with the values of all points, in the order of their numbers.
  private func walk(
    _ state: State, _ values: inout [Expression.Operand?],
    _ visit: ([Expression.Operand?]) -> Void
  ) {
    let position = state.position
    guard position < parameters.count else { return visit(values) }
    guard !state.excluded.contains(position) else {
      values[position] = nil
      return walk(next(state, excluding: dependents[position]), &values, visit)
    }
    for branch in branches[position] {
      let following = next(state, excluding: branch.excluded)
      for index in branch.indices {
        values[position] = Expression.Operand(parameters[position].distribution.value(at: index))
        walk(following, &values, visit)
      }
    }
  }

  private func next(_ state: State, excluding excluded: Set<Int>) -> State {
    Self.next(state, excluding: excluded)
  }

  private static func next(_ state: State, excluding excluded: Set<Int>) -> State {
    // What lies behind does not matter any more: fewer states differ.
    let position = state.position + 1
    let all = state.excluded.isEmpty ? excluded : state.excluded.union(excluded)
    return State(position: position, excluded: all.filter { $0 >= position })
  }

  /// How many points follow a state; nil if they cannot be counted.
  private static func count(
    _ state: State, _ branches: [[Branch]], _ dependents: [Set<Int>], _ counts: inout [State: Int],
    _ budget: inout Int
  ) -> Int? {
    guard state.position < branches.count else { return 1 }
    if let known = counts[state] { return known }
    var sum = 0
    if state.excluded.contains(state.position) {
      let following = next(state, excluding: dependents[state.position])
      guard let count = count(following, branches, dependents, &counts, &budget) else { return nil }
      sum = count
    } else {
      for branch in branches[state.position] {
        budget -= 1
        guard budget >= 0,
          let count = count(
            next(state, excluding: branch.excluded), branches, dependents, &counts, &budget)
        else { return nil }
        let product = count.multipliedReportingOverflow(by: branch.indices.count)
        let total = sum.addingReportingOverflow(product.partialValue)
        guard !product.overflow, !total.overflow else { return nil }
        sum = total.partialValue
      }
    }
    counts[state] = sum
    return sum
  }

  /// The values of a parameter, in ranges with the same consequences for those that depend on it.
  private static func branches(
    of parameter: Parameter, among parameters: [Parameter], _ dependents: Set<Int>
  ) -> [Branch] {
    let count = parameter.distribution.count ?? 0
    guard !dependents.isEmpty else { return [Branch(indices: 0..<count, excluded: [])] }
    // The parameters that are there with a value, for the values that conditions name.
    var included: [Int: Set<Int>] = [:]
    for dependent in dependents {
      let conditions = parameters[dependent].conditions.filter { $0.path == parameter.path }
      let named = conditions.reduce(Set(conditions.first?.values ?? [])) {
        $0.intersection($1.values)
      }
      for value in named {
        guard let index = parameter.distribution.index(of: value) else { continue }
        included[index, default: []].insert(dependent)
      }
    }
    var branches: [Branch] = []
    func append(_ indices: Range<Int>, _ excluded: Set<Int>) {
      guard !indices.isEmpty else { return }
      if let last = branches.last, last.excluded == excluded {
        branches[branches.count - 1].indices = last.indices.lowerBound..<indices.upperBound
      } else {
        branches.append(Branch(indices: indices, excluded: excluded))
      }
    }
    var end = 0
    for (index, present) in included.sorted(by: { $0.key < $1.key }) {
      append(end..<index, dependents)
      append(index..<(index + 1), dependents.subtracting(present))
      end = index + 1
    }
    append(end..<count, dependents)
    return branches
  }
}

/// Constraints whose names are bound to the places of values.
private struct ConstraintFilter {
  private enum Source {
    case place(Int, absent: Expression.Operand)
    case fixed(Expression.Operand)
  }

  private let constraints: [(expression: Expression, sources: [Source])]

  init(_ constraints: [Constraint], parameters: [Parameter]) {
    self.constraints = constraints.map { constraint in
      let sources = constraint.expression.names.map { name in
        let standing = Expression.Operand(constraint.defaults[name])
        return parameters.firstIndex { $0.path == name }.map { .place($0, absent: standing) }
          ?? Source.fixed(standing)
      }
      return (constraint.expression, sources)
    }
  }

  func allows(_ values: [Expression.Operand?]) -> Bool {
    constraints.allSatisfy { constraint in
      let result = constraint.expression.evaluate { name in
        switch constraint.sources[name] {
        case .place(let place, let absent): values[place] ?? absent
        case .fixed(let operand): operand
        }
      }
      return result == .truth(true)
    }
  }
}

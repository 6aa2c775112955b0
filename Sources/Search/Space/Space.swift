/// When a parameter is there at all: another one has one of some values.
public struct Condition: Hashable, Sendable {
  /// The path of the other parameter.
  public let path: String
  /// Its values with which the parameter is there.
  public let values: [Value]

  /// A condition on another parameter.
  public init(_ path: String, in values: [Value]) {
    self.path = path
    self.values = values
  }
}

/// A setting that differs from trial to trial, and what may be drawn for it.
public struct Parameter: Hashable, Sendable {
  /// The path of its field: `model.hidden`.
  public let path: String
  /// What may be drawn.
  public let distribution: Distribution
  /// All of these must hold, or the parameter has no value and its field keeps its default.
  public let conditions: [Condition]

  /// A setting and what may be drawn for it.
  public init(_ path: String, _ distribution: Distribution, when conditions: [Condition] = []) {
    self.path = path
    self.distribution = distribution
    self.conditions = conditions
  }
}

/// All the settings that a sweep may try.
public struct Space: Hashable, Sendable {
  /// How many points a space has.
  public enum Size: Hashable, Sendable {
    /// So many.
    case points(Int)
    /// More than an integer can count, or than can be counted with the constraints and conditions.
    case uncountable
    /// Without end: the first parameter that cannot be counted through.
    case continuous(path: String)
  }

  /// The parameters in the order of their paths, which is the order of draws and of grids.
  ///
  /// The order in which a file names them must not matter: PostgreSQL keeps none in jsonb.
  public let parameters: [Parameter]

  /// The places of ``parameters`` in an order in which each comes after those that its conditions
  /// name, and otherwise in the order of the paths: draw in this order.
  public let drawOrder: [Int]

  /// What has to be true of a point.
  public let constraints: [Constraint]

  /// The space of some parameters, in any order.
  ///
  /// - Parameters:
  ///   - parameters: The parameters.
  ///   - constraints: What has to be true of its points.
  /// - Precondition: No path stands twice; conditions name parameters of the space and form no circle.
  public init(_ parameters: [Parameter] = [], constraints: [Constraint] = []) {
    self.constraints = constraints
    let sorted = parameters.sorted { $0.path < $1.path }
    self.parameters = sorted
    for (first, second) in zip(sorted, sorted.dropFirst()) {
      precondition(first.path != second.path, "\(first.path) stands twice in a space")
    }
    var order: [Int] = []
    var placed: Set<String> = []
    while order.count < sorted.count {
      let next = sorted.indices.first { index in
        !placed.contains(sorted[index].path)
          && sorted[index].conditions.allSatisfy { placed.contains($0.path) }
      }
      guard let next else { preconditionFailure("conditions of a space form a circle") }
      order.append(next)
      placed.insert(sorted[next].path)
    }
    drawOrder = order
  }

  /// Whether a parameter has a value, given those of the parameters that its conditions name. One
  /// that is itself not there fulfils no condition.
  ///
  /// - Parameters:
  ///   - parameter: A parameter of the space.
  ///   - value: The value of another parameter by its path; nil if it is not there.
  /// - Returns: Whether all of its conditions hold.
  public func isPresent(_ parameter: Parameter, given value: (String) -> Value?) -> Bool {
    parameter.conditions.allSatisfy { condition in
      value(condition.path).map(condition.values.contains) ?? false
    }
  }

  /// Whether a point fulfils the constraints.
  public func isAllowed(_ assignment: Assignment) -> Bool {
    constraints.allSatisfy { $0.holds(for: assignment) }
  }

  /// How many points there are that fulfil the constraints: 1 if there is no parameter.
  ///
  /// - Complexity: O(parameters) without conditions and constraints; with constraints, all points of
  ///   the parameters that they name are tried.
  public var size: Size {
    let continuous = parameters.first { $0.distribution.count == nil }
    if let continuous { return .continuous(path: continuous.path) }
    return Grid(self).map { .points($0.count) } ?? .uncountable
  }

  /// The parameter at a path.
  public subscript(_ path: String) -> Parameter? {
    parameters.first { $0.path == path }
  }

  /// Whether an assignment gives each parameter that is there a value that can be drawn, and nothing
  /// else, and fulfils the constraints.
  public func contains(_ assignment: Assignment) -> Bool {
    let present = parameters.filter { isPresent($0) { assignment[$0] } }
    guard assignment.count == present.count, isAllowed(assignment) else { return false }
    return zip(present, assignment).allSatisfy { parameter, entry in
      parameter.path == entry.path && parameter.distribution.contains(entry.value)
    }
  }
}

extension Space: CustomStringConvertible {
  /// `cell {rnn, lstm, gru} × hidden {32, 64} × rate log 1e-4…1e-2`, the shortest ends of paths that
  /// tell the parameters apart.
  public var description: String {
    guard !parameters.isEmpty else { return "one point" }
    let names = shortNames
    return zip(names, parameters).map { "\($0) \($1.distribution)" }.joined(separator: " × ")
  }

  /// For each parameter, the shortest end of its path that no other parameter's path ends with.
  public var shortNames: [String] {
    parameters.map { parameter in
      let keys = parameter.path.split(separator: ".")
      for length in 1..<max(keys.count, 1) {
        let name = keys.suffix(length).joined(separator: ".")
        let isTaken = parameters.contains {
          $0.path != parameter.path && ($0.path == name || $0.path.hasSuffix("." + name))
        }
        if !isTaken { return name }
      }
      return parameter.path
    }
  }
}

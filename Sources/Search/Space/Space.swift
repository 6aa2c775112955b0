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
    /// More than an integer can count.
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

  /// The space of some parameters, in any order.
  ///
  /// - Precondition: No path stands twice; conditions name parameters of the space and form no circle.
  public init(_ parameters: [Parameter] = []) {
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

  /// A value for each parameter that is there, in the order of ``parameters``; nil for the others.
  ///
  /// - Parameter value: Draws a value for a parameter; called in the order of ``drawOrder``.
  /// - Returns: The values.
  func draw(_ value: (Parameter) -> Value) -> [Value?] {
    var values: [Value?] = Array(repeating: nil, count: parameters.count)
    var drawn: [String: Value] = [:]
    for place in drawOrder {
      let parameter = parameters[place]
      guard isPresent(parameter, given: { drawn[$0] }) else { continue }
      values[place] = value(parameter)
      drawn[parameter.path] = values[place]
    }
    return values
  }

  /// How many points there are: 1 if there is no parameter.
  public var size: Size {
    var points = 1
    var overflows = false
    for parameter in parameters {
      guard let count = parameter.distribution.count else {
        return .continuous(path: parameter.path)
      }
      let product = points.multipliedReportingOverflow(by: count)
      overflows = overflows || product.overflow
      points = overflows ? 1 : product.partialValue
    }
    return overflows ? .uncountable : .points(points)
  }

  /// The parameter at a path.
  public subscript(_ path: String) -> Parameter? {
    parameters.first { $0.path == path }
  }

  /// Whether an assignment gives each parameter that is there a value that can be drawn, and nothing
  /// else.
  public func contains(_ assignment: Assignment) -> Bool {
    let present = parameters.filter { isPresent($0) { assignment[$0] } }
    guard assignment.count == present.count else { return false }
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

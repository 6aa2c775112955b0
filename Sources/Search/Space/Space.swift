/// A setting that differs from trial to trial, and what may be drawn for it.
public struct Parameter: Hashable, Sendable {
  /// The path of its field: `model.hidden`.
  public let path: String
  /// What may be drawn.
  public let distribution: Distribution

  /// A setting and what may be drawn for it.
  public init(_ path: String, _ distribution: Distribution) {
    self.path = path
    self.distribution = distribution
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

  /// The space of some parameters, in any order.
  ///
  /// - Precondition: No path stands twice.
  public init(_ parameters: [Parameter] = []) {
    self.parameters = parameters.sorted { $0.path < $1.path }
    for (first, second) in zip(self.parameters, self.parameters.dropFirst()) {
      precondition(first.path != second.path, "\(first.path) stands twice in a space")
    }
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

  /// Whether an assignment gives each parameter a value that can be drawn, and nothing else.
  public func contains(_ assignment: Assignment) -> Bool {
    guard assignment.count == parameters.count else { return false }
    return zip(parameters, assignment).allSatisfy { parameter, entry in
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

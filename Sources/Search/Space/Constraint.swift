/// What the points of a space have to fulfil: `model.hidden * model.layers <= 512`.
public struct Constraint: Hashable, Sendable {
  /// What has to be true, over the paths of settings.
  public let expression: Expression
  /// What settings are where a point says nothing of them: those that are not searched, and the
  /// defaults of those that are not there.
  public let defaults: [String: Value]

  /// Something that has to be true.
  public init(_ expression: Expression, defaults: [String: Value] = [:]) {
    self.expression = expression
    self.defaults = defaults
  }

  /// Whether it is true of a point; what has no value is not true.
  public func holds(for assignment: Assignment) -> Bool {
    expression.evaluate { assignment[$0] ?? defaults[$0] } == .boolean(true)
  }
}

extension Constraint: CustomStringConvertible {
  /// The expression.
  public var description: String { expression.description }
}

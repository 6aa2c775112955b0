/// What the points of a space have to fulfil: `model.hidden * model.layers <= 512`.
public struct Constraint: Hashable, Sendable {
  /// What has to be true, over the paths of settings.
  public let expression: Expression
  /// What settings are where a point says nothing of them: those that are not searched, and the
  /// defaults of those that are not there.
  public let defaults: [String: Value]
  /// The settings that are not there in every point, and then have no value.
  public let conditional: Set<String>

  /// Something that has to be true.
  public init(
    _ expression: Expression, defaults: [String: Value] = [:], conditional: Set<String> = []
  ) {
    self.expression = expression
    self.defaults = defaults
    self.conditional = conditional
  }

  /// Whether it is true of a point. What has no value is not true, unless it asks for settings that are not
  /// there: it says nothing of such a point.
  public func holds(for assignment: Assignment) -> Bool {
    if let value = expression.evaluate({ assignment[$0] ?? defaults[$0] }) {
      return value == .boolean(true)
    }
    return conditional.contains { assignment[$0] == nil }
  }
}

extension Constraint: CustomStringConvertible {
  /// The expression.
  public var description: String { expression.description }
}

public import Philox

extension Space {
  /// How many points are drawn before a space counts as one without an allowed point.
  public static let drawLimit = 10_000

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

  /// The point that settings make; nil if one of its values is missing or cannot be drawn, or the
  /// constraints refuse it.
  public func point(_ settings: [String: Value]) -> Assignment? {
    let point = Assignment(self, values: draw { settings[$0.path] ?? .null })
    return contains(point) ? point : nil
  }

  /// Draws a point that fulfils the constraints, by drawing until one does.
  ///
  /// - Parameters:
  ///   - random: Where the draws come from.
  ///   - known: Values that are not drawn but kept, of parameters that are there.
  ///   - limit: How many points are drawn before giving up.
  /// - Returns: The point; nil if none of those that were drawn is allowed.
  public func sample(
    _ random: inout RandomSequence, keeping known: Assignment = Assignment(),
    limit: Int = drawLimit
  ) -> Assignment? {
    for _ in 0..<limit {
      let values = draw { known[$0.path] ?? $0.distribution.sample(&random) }
      let point = Assignment(self, values: values)
      if isAllowed(point) { return point }
    }
    return nil
  }
}

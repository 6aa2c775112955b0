import Philox

extension Space {
  /// A value for each parameter that is there, in the order of ``parameters``; nil for the others.
  ///
  /// - Parameter value: The value of the parameter at a place; called in the order of ``drawOrder``.
  /// - Returns: The values.
  func drawByPlace(_ value: (Int) -> Value) -> [Value?] {
    let places = Dictionary(
      uniqueKeysWithValues: zip(parameters.map(\.path), parameters.indices))
    return draw { value(places[$0.path] ?? 0) }
  }

  /// A point at random that keeps the constraints; if a thousand draws find none, one that does not.
  func drawAllowed(_ random: inout RandomSequence) -> Assignment {
    var point = Assignment()
    for _ in 0..<1000 {
      point = Assignment(self, values: draw { $0.distribution.sample(&random) })
      if isAllowed(point) { break }
    }
    return point
  }
}

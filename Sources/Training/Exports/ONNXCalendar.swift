/// The calendar of times, as ``CalendarFeature`` tells of them. All is computed in Double, where whole numbers
/// of seconds are exact and ONNX has a `Floor`.
extension ONNXBuilder {
  /// Points on circles.
  ///
  /// - Parameters:
  ///   - times: [T, B, 1], seconds since 1970 by the clock of the data.
  ///   - features: What is told of them.
  ///   - name: The name of the result.
  /// - Returns: [T, B, 2 K], a sine and a cosine of each feature.
  mutating func calendar(
    _ times: String, _ features: [CalendarFeature], as name: String
  ) -> String {
    func number(_ value: Double) -> String { graph.constant("number_\(value)", numbers: [value]) }
    func apply(_ operation: String, _ inputs: String...) -> String {
      graph.add(operation, inputs, as: "\(name)_\(graph.nodes.count)")
    }
    func quotient(_ value: String, _ divisor: Double) -> String {
      apply("Floor", apply("Div", value, number(divisor)))
    }
    func remainder(_ value: String, _ divisor: Double) -> String {
      apply("Sub", value, apply("Mul", quotient(value, divisor), number(divisor)))
    }
    let seconds = cast(times, .double, as: "\(name)_seconds")
    let days = quotient(seconds, 86_400)
    let ofDay = apply("Div", remainder(seconds, 86_400), number(86_400))

    /// The month and the day of it, from 0, by the same way as `CalendarTime`.
    func month() -> (month: String, day: String) {
      let ofEra = remainder(apply("Add", days, number(719_468)), 146_097)
      let leapDays = apply(
        "Sub", apply("Sub", quotient(ofEra, 36_524), quotient(ofEra, 1460)),
        quotient(ofEra, 146_096))
      let year = quotient(apply("Add", ofEra, leapDays), 365)
      let beforeYear = apply(
        "Add", apply("Mul", year, number(365)),
        apply("Sub", quotient(year, 4), quotient(year, 100)))
      let ofYear = apply("Sub", ofEra, beforeYear)
      let shifted = quotient(
        apply("Add", apply("Mul", ofYear, number(5)), number(2)), 153)
      let beforeMonth = quotient(
        apply("Add", apply("Mul", shifted, number(153)), number(2)), 5)
      return (
        remainder(apply("Add", shifted, number(2)), 12), apply("Sub", ofYear, beforeMonth)
      )
    }
    func phase(_ feature: CalendarFeature) -> String {
      switch feature {
      case .hour: return ofDay
      case .weekday:
        let weekday = remainder(apply("Add", days, number(3)), 7)
        return apply("Div", apply("Add", weekday, ofDay), number(7))
      case .month:
        let (month, day) = month()
        return apply(
          "Div", apply("Add", month, apply("Div", day, number(31))), number(12))
      }
    }
    let circles = features.flatMap { feature in
      let angle = apply("Mul", phase(feature), number(2 * Double.pi))
      // The cosine: not every runtime has one for Double.
      let quarter = apply("Add", angle, number(Double.pi / 2))
      return [apply("Sin", angle), apply("Sin", quarter)]
    }
    return cast(joined(circles, as: "\(name)_circles"), .float, as: name)
  }
}

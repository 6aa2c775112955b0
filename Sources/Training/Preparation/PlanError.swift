/// A field of a plan that does not fit: to itself or to the data.
public struct PlanError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  /// The path of the field, such as `data.maximum_length`.
  public let field: String
  /// What the plan or the data has there.
  public let found: String
  /// What it may have there.
  public let allowed: String

  /// An error.
  public init(field: String, found: String, allowed: String) {
    self.field = field
    self.found = found
    self.allowed = allowed
  }

  /// One line: `data.maximum_length: found 0; allowed: an integer of at least 1`.
  public var description: String { "\(field): found \(found); allowed: \(allowed)" }

  static func require(
    _ condition: Bool, _ field: String, found: some CustomStringConvertible, allowed: String
  ) throws(PlanError) {
    guard condition else {
      throw PlanError(field: field, found: found.description, allowed: allowed)
    }
  }

  static func require(
    _ value: Int?, in range: ClosedRange<Int>, _ field: String
  ) throws(PlanError) {
    guard let value, !range.contains(value) else { return }
    throw PlanError(
      field: field, found: "\(value)",
      allowed: range.upperBound == .max
        ? "an integer of at least \(range.lowerBound)"
        : "an integer from \(range.lowerBound) to \(range.upperBound)")
  }
}

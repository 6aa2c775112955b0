import Glibc

/// The learning rate as a function of the step alone, so that a resumed run takes the same rates.
public struct Schedule: Codable, Hashable, Sendable {
  /// How the rate goes after the warm-up. Steps are counted from the first step of training.
  public enum Course: Codable, Hashable, Sendable {
    /// Stays.
    case constant
    /// Is multiplied by `factor` every `every` steps.
    case step(every: Int, factor: Double)
    /// Falls along half a cosine, from the end of the warm-up to `steps`, to `floor` times the base.
    case cosine(steps: Int, floor: Double = 0)
  }

  /// How the rate goes after the warm-up.
  public var course: Course
  /// Steps over which the rate first rises linearly; the last of them has the full rate.
  public var warmUp: Int

  /// A schedule; by default a constant rate without warm-up.
  public init(_ course: Course = .constant, warmUp: Int = 0) {
    self.course = course
    self.warmUp = warmUp
  }

  /// The learning rate of a step, counted from 0.
  public func rate(base: Double, step: Int) -> Double {
    precondition(step >= 0, "steps are counted from 0, not \(step)")
    if step < warmUp { return base * Double(step + 1) / Double(warmUp) }
    switch course {
    case .constant:
      return base
    case .step(let every, let factor):
      precondition(every > 0, "the rate cannot fall every \(every) steps")
      return base * pow(factor, Double(step / every))
    case .cosine(let steps, let floor):
      let length = steps - warmUp
      guard length > 0 else { return base * floor }
      let share = min(Double(step - warmUp) / Double(length), 1)
      return base * (floor + (1 - floor) * 0.5 * (1 + cos(share * .pi)))
    }
  }
}

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
    /// Rises along half a cosine from 1/25 of the base to the base over the first 30 % of `steps`, and
    /// falls along another to 1/250 000 of it (Smith and Topin 2017; PyTorch's `OneCycleLR`).
    case oneCycle(steps: Int)
    /// Is multiplied by `factor` whenever the objective has not improved for `patience` epochs. How
    /// often that was is known to the caller.
    case plateau(factor: Double, patience: Int)
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

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - base: The rate that a user chose.
  ///   - step: The step, counted from 0.
  ///   - plateaus: How often the objective has stopped to improve.
  /// - Returns: The rate.
  public func rate(base: Double, step: Int, plateaus: Int = 0) -> Double {
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
    case .oneCycle(let steps):
      let top = 0.3 * Double(steps) - 1
      let end = max(Double(steps - 1), 1)
      let (low, least) = (base / 25, base / 250_000)
      func between(_ from: Double, _ to: Double, _ share: Double) -> Double {
        to + (from - to) * 0.5 * (1 + cos(min(max(share, 0), 1) * .pi))
      }
      return Double(step) <= top
        ? between(low, base, Double(step) / top)
        : between(base, least, (Double(step) - top) / (end - top))
    case .plateau(let factor, _):
      return base * pow(factor, Double(plateaus))
    }
  }
}

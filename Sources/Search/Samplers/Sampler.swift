/// How a trial ended, or that it has not.
///
/// Losses are the values of the objectives, one each, turned so that less is better.
public enum Outcome: Hashable, Sendable {
  /// It is being trained, or waits for it.
  case running
  /// It ended with these losses.
  case completed([Double])
  /// It was stopped early, after so many epochs, with these losses.
  case pruned([Double], epochs: Int)
  /// It ended without a value: it diverged, or could not be run.
  case failed
}

/// What a sampler is told of a trial.
public struct Observation: Hashable, Sendable {
  /// The number of the trial within its sweep.
  public let trial: Int
  /// The values that it was given.
  public let assignment: Assignment
  /// How it ended.
  public let outcome: Outcome
  /// By how much it broke the constraints of its sweep that only training shows; 0 if it kept them.
  public let violation: Double

  /// What is known of a trial.
  public init(trial: Int, assignment: Assignment, outcome: Outcome, violation: Double = 0) {
    self.trial = trial
    self.assignment = assignment
    self.outcome = outcome
    self.violation = violation
  }
}

/// What a sampler proposes for a trial, and why: a row of the decisions.
public struct Suggestion: Hashable, Sendable {
  /// The number of the trial within its sweep.
  public let trial: Int
  /// The values to try.
  public let assignment: Assignment
  /// The sampler that chose them.
  public let sampler: String
  /// Why these, in a sentence for people.
  public let reason: String

  /// A proposal for a trial.
  public init(trial: Int, assignment: Assignment, sampler: String, reason: String) {
    self.trial = trial
    self.assignment = assignment
    self.sampler = sampler
    self.reason = reason
  }
}

/// Chooses the points of a space that a sweep tries.
///
/// A suggestion depends only on the specification, the number of the trial and the observations so
/// far, so that a scheduler that was stopped anywhere goes on with the same search once it has read
/// the rows again. Observations come in the order in which they were stored, each trial's last one
/// counts.
public protocol Sampler: Sendable {
  /// Its name in specifications and in the rows of decisions.
  var name: String { get }

  /// Takes in what is known of a trial.
  mutating func observe(_ observation: Observation)

  /// The values for a trial, or nil if the space has been tried through.
  mutating func suggest(trial: Int) -> Suggestion?
}

// MARK: - Default implementations

extension Sampler {
  /// Does nothing: grid and random search do not learn.
  public mutating func observe(_ observation: Observation) {}
}

/// Judges trials at their rungs: which may go on, which wait for others, which are stopped.
///
/// A rule is a value that is fed with results in a fixed order: the same results in the same order
/// give the same judgements. A trial that was judged may be reported again at a later rung whatever
/// became of it: it counts there, so that a rule can be asked about trials that others have trained.
public protocol StopRule: Sendable {
  /// Its name in specifications and in the rows of decisions.
  var name: String { get }

  /// The epochs at which a trial is judged, rising; the last one is the whole training.
  ///
  /// - Parameter trial: The number of the trial: with brackets, its rungs depend on it.
  /// - Returns: The epochs.
  func rungs(trial: Int) -> [Int]

  /// Takes in that a trial begins, and with what values.
  mutating func begin(trial: Int, assignment: Assignment)

  /// Takes in that a trial stands at a rung, with these losses, and judges it.
  ///
  /// - Parameters:
  ///   - trial: The number of the trial.
  ///   - epochs: The rung: a value of ``rungs(trial:)``.
  ///   - losses: One for each objective, the best so far; less is better.
  /// - Returns: What becomes of the trial.
  mutating func report(trial: Int, epochs: Int, losses: [Double]) -> Judgement

  /// Takes in that a trial is over without a value; it counts no longer among those that are awaited,
  /// nor at the rungs behind it.
  mutating func drop(trial: Int)

  /// A trial that waits and may go on now, the best choice first; nil if there is none. It counts as
  /// promoted from then on.
  ///
  /// - Parameter isComplete: Whether no new trial will come and none is running: a rule that waits for
  ///   a rung to fill judges with what is there.
  /// - Returns: The trial and its next rung.
  mutating func promote(isComplete: Bool) -> Promotion?

  /// A trial that waits and can no longer be promoted, whatever comes; nil if none is known. Each is
  /// named once.
  mutating func dismiss() -> Dismissal?

  /// Why a trial that waits at the end of the sweep was never promoted.
  mutating func remainder(trial: Int) -> Explanation
}

/// What a rule says of a trial that stands at a rung.
public enum Judgement: Hashable, Sendable {
  /// It goes on to the next rung.
  case goOn(Explanation)
  /// It waits: it may be promoted later, or never.
  case pause(Explanation)
  /// It is over.
  case stop(Explanation)
  /// It stands at its last rung.
  case complete
}

/// A trial that goes on after it waited.
public struct Promotion: Hashable, Sendable {
  /// The number of the trial.
  public let trial: Int
  /// The rung to which it goes on.
  public let until: Int
  /// Why.
  public let why: Explanation
  /// What it takes over from another trial; nil if it goes on as it is.
  public let inheritance: Inheritance?

  /// A trial that goes on to a rung.
  public init(trial: Int, until: Int, why: Explanation, inheritance: Inheritance? = nil) {
    self.trial = trial
    self.until = until
    self.why = why
    self.inheritance = inheritance
  }
}

/// A trial that is over after it waited.
public struct Dismissal: Hashable, Sendable {
  /// The number of the trial.
  public let trial: Int
  /// Why.
  public let why: Explanation

  /// A trial that is over.
  public init(trial: Int, why: Explanation) {
    self.trial = trial
    self.why = why
  }
}

// MARK: - Default implementations

/// What holds for rules that let no trial wait.
extension StopRule {
  /// Does nothing.
  public mutating func begin(trial: Int, assignment: Assignment) {}

  /// Does nothing.
  public mutating func drop(trial: Int) {}

  /// Nothing waits.
  public mutating func promote(isComplete: Bool) -> Promotion? { nil }

  /// Nothing waits.
  public mutating func dismiss() -> Dismissal? { nil }

  /// Says only that the sweep is over.
  public mutating func remainder(trial: Int) -> Explanation {
    Explanation(kind: "stop", reason: "the sweep is over")
  }
}

extension StopRule {
  /// The rung that follows another one on the way of a trial; nil behind the last one.
  func rung(after epochs: Int, trial: Int) -> Int? {
    rungs(trial: trial).first { $0 > epochs }
  }
}

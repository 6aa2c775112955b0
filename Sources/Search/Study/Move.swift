/// What is next in a sweep.
public enum Move: Hashable, Sendable {
  /// A new trial with its first leg.
  case begin(Leg, Suggestion)
  /// A trial that was begun before trains on.
  case goOn(Leg)
  /// There is nothing to decide until a result comes.
  case wait
  /// The sweep is over.
  case finished
}

/// What became of a trial at the end of a leg, or after it waited.
public struct Verdict: Hashable, Sendable {
  /// What became of it.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// It goes on; a move says so with the same reason, which needs no second row.
    case goOn = "continue"
    /// It waits.
    case pause
    /// It is over before its last rung.
    case stop
    /// It was trained whole.
    case complete
    /// It is over without a value.
    case fail
  }

  /// The number of the trial.
  public let trial: Int
  /// The number of its last leg.
  public let leg: Int
  /// The epochs that it has behind it, or was to have behind it if it failed.
  public let epochs: Int
  /// What became of it.
  public let kind: Kind
  /// Why: a row of the decisions.
  public let why: Explanation

  /// What became of a trial.
  public init(trial: Int, leg: Int, epochs: Int, kind: Kind, why: Explanation) {
    self.trial = trial
    self.leg = leg
    self.epochs = epochs
    self.kind = kind
    self.why = why
  }
}

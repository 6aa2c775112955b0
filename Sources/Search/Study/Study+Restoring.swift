/// A leg that was decided, as it was stored.
public struct LegRecord: Hashable, Sendable {
  /// Its number within the sweep.
  public var number: Int
  /// The number of the trial within the sweep.
  public var trial: Int
  /// The epochs at its end.
  public var until: Int
  /// ``Leg/after``.
  public var after: Int
  /// The values of the trial on this leg.
  public var assignment: Assignment
  /// How it ended; nil if it is out.
  public var result: LegResult?
  /// The place of its result in the order in which results were taken; nil if it was not yet. What was
  /// not taken comes last, in the order of the legs.
  public var arrival: Int?
  /// The verdict on its trial at its end, if it was stored.
  public var verdict: Verdict.Kind?

  /// A leg that is out.
  ///
  /// - Parameters:
  ///   - leg: The leg.
  ///   - assignment: The values of its trial.
  public init(_ leg: Leg, assignment: Assignment) {
    number = leg.number
    trial = leg.trial
    until = leg.until
    after = leg.after
    self.assignment = assignment
  }
}

/// A history that is not one of this study: other rows, another specification, or another version of
/// the rules.
public struct StudyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The leg from which on it differs.
  public let leg: Int
  /// How it differs.
  public let description: String
}

extension Study {
  /// A study that goes on where another one was lost.
  ///
  /// Decisions are made again with what was known when they were made, and compared. The sampler is
  /// told what it was told, but not asked for values that are stored.
  ///
  /// - Parameters:
  ///   - settings: Those of the lost study.
  ///   - sampler: A sampler as the lost study had; it has seen nothing.
  ///   - rule: A rule as the lost study had; it has seen nothing.
  ///   - history: All legs that were decided, in any order.
  /// - Throws: ``StudyError`` if the history is not one of such a study.
  public init(
    _ settings: StudySettings, sampler: any Sampler, rule: any StopRule, history: [LegRecord]
  ) throws(StudyError) {
    self.init(settings, sampler: sampler, rule: rule)
    let history = history.sorted { $0.number < $1.number }
    for record in history {
      // Later legs may have other values, which are decided again.
      if stored[record.trial] == nil { stored[record.trial] = record.assignment }
      judged[record.number] = record.verdict
    }
    var results = Results(history)
    if settings.window != nil {
      // Each decision takes what it may know by itself.
      while let (number, result) = results.next() { held[number] = result }
    }
    for record in history {
      while settings.window == nil, taken < record.after {
        try take(from: &results, before: record.number)
      }
      try redo(record)
    }
    while settings.window == nil, !results.isEmpty {
      try take(from: &results, before: history.count)
    }
    if let misjudged {
      throw StudyError(
        leg: misjudged, description: "the trial of leg \(misjudged) is stored with another verdict")
    }
    stored = [:]
  }

  /// Results in the order in which they came.
  private struct Results {
    private var left: [(number: Int, result: LegResult)]

    init(_ history: [LegRecord]) {
      let came = history.sorted {
        ($0.arrival ?? .max, $0.number) < ($1.arrival ?? .max, $1.number)
      }
      left = came.reversed().compactMap { record in
        record.result.map { (record.number, $0) }
      }
    }

    var isEmpty: Bool { left.isEmpty }

    mutating func next() -> (number: Int, result: LegResult)? { left.popLast() }
  }

  private mutating func take(from results: inout Results, before leg: Int) throws(StudyError) {
    guard let (number, result) = results.next() else {
      throw StudyError(leg: leg, description: "leg \(leg) knew more results than are stored")
    }
    guard open[number] != nil else {
      throw StudyError(
        leg: number, description: "leg \(number) has a result before it was decided")
    }
    take(leg: number, result)
  }

  private mutating func redo(_ record: LegRecord) throws(StudyError) {
    let leg: Leg
    switch next() {
    case .begin(let begun, _): leg = begun
    case .goOn(let next): leg = next
    case .wait, .finished:
      throw StudyError(
        leg: record.number, description: "nothing is decided where leg \(record.number) is stored")
    }
    guard leg.number == record.number, leg.trial == record.trial, leg.until == record.until else {
      throw StudyError(
        leg: record.number,
        description: "leg \(record.number) is stored as trial \(record.trial) to epoch "
          + "\(record.until), but is decided as leg \(leg.number), trial \(leg.trial) to epoch "
          + "\(leg.until)")
    }
    guard assignment(of: leg.trial) == record.assignment else {
      throw StudyError(
        leg: record.number,
        description: "leg \(record.number) is stored with \(record.assignment), but is decided "
          + "with \(assignment(of: leg.trial))")
    }
    // What was judged before a leg was stored with it or before it.
    pending = []
  }
}

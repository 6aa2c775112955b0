/// The search of a sweep: joins a sampler and a rule, decides one leg after the other, and says what
/// becomes of each trial.
///
/// Trials are trained in legs. The driver asks for the ``next()`` move when a slot is free, has the
/// leg trained, hands in its result with ``take(leg:_:)``, and collects ``verdicts()`` after each of
/// both: what they say and the move are stored together. A study that was lost is restored from these
/// rows and goes on as if nothing had happened.
///
/// Those that go on come before those that waited, and both before new trials. Exactly
/// ``StudySettings/trials`` trials are begun, whatever fails, unless the sampler has no more points.
public struct Study: Sendable {
  let settings: StudySettings
  var sampler: any Sampler
  var rule: any StopRule

  /// A leg that was decided and whose result has not been taken in.
  struct Open: Sendable {
    let trial: Int
    let until: Int
  }

  /// A trial that was judged to go on and has no leg yet.
  struct Ready: Sendable {
    let trial: Int
    let until: Int
    let why: Explanation
  }

  /// A trial that waits: where it stands.
  struct Waiting: Sendable {
    let leg: Int
    let epochs: Int
  }

  var open: [Int: Open] = [:]
  /// Results that came before it is their turn; always empty in the order of arrival.
  var held: [Int: LegResult] = [:]
  var waiting: [Int: Waiting] = [:]
  /// In reverse.
  private var ready: [Ready] = []
  var pending: [Verdict] = []
  private var outcomes = SettingOutcomes()
  /// The assignment of each setting that was begun.
  private var assignments: [Assignment] = []
  /// The assignments of trials that are begun while a study is restored.
  var stored: [Int: Assignment] = [:]
  /// The judgements that the driver has stored, by leg: they are not told again.
  var judged: [Int: Verdict.Kind] = [:]
  /// The legs of trials that waited and are stored as stopped.
  private var ended: Set<Int> = []
  /// The first leg whose stored judgement is another one.
  var misjudged: Int?

  /// How many trials were begun.
  public private(set) var begun = 0
  /// How many results were taken in.
  public private(set) var taken = 0
  private var nextNumber = 0
  private var isExhausted = false
  private var isFinished = false

  /// A study that has decided nothing.
  ///
  /// - Parameters:
  ///   - settings: Its budget and order.
  ///   - sampler: Chooses the settings; it has seen nothing.
  ///   - rule: Judges the trials; it has seen nothing.
  /// - Precondition: There are trials, repeats and a window: each is at least 1.
  public init(_ settings: StudySettings, sampler: any Sampler, rule: any StopRule) {
    precondition(settings.trials > 0 && settings.repeats > 0, "a study has trials")
    precondition(settings.window ?? 1 > 0, "a window is one leg at least")
    self.settings = settings
    self.sampler = sampler
    self.rule = rule
  }

  // MARK: Deciding

  /// Decides what is next, for one free slot.
  public mutating func next() -> Move {
    while !isFinished {
      if let window = settings.window {
        let due = nextNumber - window
        if let leg = open[due] {
          guard let result = held.removeValue(forKey: due) else { return .wait }
          absorb(due, leg, result)
        }
      }
      if let move = decide() { return move }
      if open.isEmpty {
        finish()
      } else if settings.window == nil {
        return .wait
      } else {
        // Nothing is done, which counts as a leg: the next decision knows one result more.
        nextNumber += 1
      }
    }
    return .finished
  }

  private var isComplete: Bool {
    (isExhausted || begun == settings.trials) && open.isEmpty && ready.isEmpty
  }

  private mutating func decide() -> Move? {
    if let next = ready.popLast() { return .goOn(leg(next.trial, next.until, next.why)) }
    if let promoted = promote() { return promoted }
    if let suggestion = begin() {
      let trial = suggestion.trial
      let until = rule.rungs(trial: trial)[0]
      let why = Explanation(
        kind: "create", reason: suggestion.reason,
        details: [
          "sampler": .string(suggestion.sampler), "setting": .integer(trial / settings.repeats),
          "until": .integer(until), "seed": .integer(Int(truncatingIfNeeded: settings.seed)),
        ])
      return .begin(leg(trial, until, why), suggestion)
    }
    // Only now it may be known that no new trial comes.
    return isComplete ? promote() : nil
  }

  private mutating func promote() -> Move? {
    let promotion = rule.promote(isComplete: isComplete)
    dismiss()
    guard let promotion else { return nil }
    waiting[promotion.trial] = nil
    if let inheritance = promotion.inheritance {
      assignments[promotion.trial / settings.repeats] = inheritance.assignment
    }
    return .goOn(
      leg(promotion.trial, promotion.until, promotion.why, promotion.inheritance))
  }

  private mutating func leg(
    _ trial: Int, _ until: Int, _ why: Explanation, _ inheritance: Inheritance? = nil
  ) -> Leg {
    defer { nextNumber += 1 }
    open[nextNumber] = Open(trial: trial, until: until)
    return Leg(
      number: nextNumber, trial: trial, until: until, after: taken, why: why,
      inheritance: inheritance)
  }

  /// The values of a trial that was begun, as they are now.
  func assignment(of trial: Int) -> Assignment { assignments[trial / settings.repeats] }

  /// The next new trial; nil if there is none.
  private mutating func begin() -> Suggestion? {
    guard begun < settings.trials, !isExhausted else { return nil }
    let trial = begun
    let (setting, again) = trial.quotientAndRemainder(dividingBy: settings.repeats)
    let suggestion: Suggestion
    if again > 0 {
      suggestion = Suggestion(
        trial: trial, assignment: assignments[setting], sampler: sampler.name,
        reason: "repeat \(again + 1) of \(settings.repeats) of setting \(setting)")
    } else if let assignment = stored[trial] {
      suggestion = Suggestion(
        trial: trial, assignment: assignment, sampler: sampler.name, reason: "begun before")
    } else if let chosen = settings.suggest(setting, sampler: &sampler) {
      suggestion = Suggestion(
        trial: trial, assignment: chosen.assignment, sampler: chosen.sampler, reason: chosen.reason)
    } else {
      isExhausted = true
      return nil
    }
    begun += 1
    rule.begin(trial: trial, assignment: suggestion.assignment)
    if again == 0 {
      assignments.append(suggestion.assignment)
      sampler.observe(
        Observation(trial: setting, assignment: suggestion.assignment, outcome: .running))
    }
    return suggestion
  }

  // MARK: Results

  /// Hands in the result of a leg. Results may come in any order.
  ///
  /// - Parameters:
  ///   - leg: The number of the leg.
  ///   - result: How it ended.
  /// - Precondition: The leg was decided and has no result.
  public mutating func take(leg: Int, _ result: LegResult) {
    guard let open = open[leg], awaits(leg: leg) else {
      preconditionFailure("leg \(leg) awaits no result")
    }
    if settings.window == nil {
      absorb(leg, open, result)
    } else {
      held[leg] = result
    }
  }

  /// The epochs of a trial that is trained through.
  func lastRung(of trial: Int) -> Int? { rule.rungs(trial: trial).last }

  /// Whether a leg was decided and its result was not handed in.
  public func awaits(leg: Int) -> Bool { open[leg] != nil && held[leg] == nil }

  /// What became of trials since the last call.
  ///
  /// At the end of the sweep this includes those that wait and were never promoted. A study that was
  /// restored tells nothing again.
  public mutating func verdicts() -> [Verdict] {
    defer { pending = [] }
    return pending
  }

  private mutating func absorb(_ number: Int, _ leg: Open, _ result: LegResult) {
    open[number] = nil
    taken += 1
    let before = pending.count
    let verdict = judge(number, leg, result)
    pending.append(verdict)
    if verdict.kind == .pause {
      waiting[leg.trial] = Waiting(leg: number, epochs: leg.until)
    }
    dismiss()
    guard let known = judged.removeValue(forKey: number) else { return }
    // A trial that waited may be stored as what it was in the end.
    if known == verdict.kind || (known == .stop && verdict.kind == .pause) {
      pending.removeSubrange(before...)
      if known == .stop, waiting[leg.trial]?.leg == number { ended.insert(number) }
    } else {
      misjudged = misjudged ?? number
    }
  }

  /// Judges a trial and tells the sampler.
  private mutating func judge(_ number: Int, _ leg: Open, _ result: LegResult) -> Verdict {
    func verdict(_ kind: Verdict.Kind, _ why: Explanation) -> Verdict {
      Verdict(trial: leg.trial, leg: number, epochs: leg.until, kind: kind, why: why)
    }
    guard case .reached(let losses, let violation) = result else {
      rule.drop(trial: leg.trial)
      note(leg.trial, .failed)
      return verdict(
        .fail, Explanation(kind: "fail", reason: "no value on the way to epoch \(leg.until)"))
    }
    let pruned = Outcome.pruned(losses, epochs: leg.until)
    // To a rule, whoever broke limits is worse than all who kept them, the more the worse.
    let told =
      violation > 0 ? losses.map { _ in 1e100 * (1 + min(violation, 1e100)) } : losses
    switch rule.report(trial: leg.trial, epochs: leg.until, losses: told) {
    case .goOn(let why):
      let until = rule.rung(after: leg.until, trial: leg.trial) ?? leg.until
      ready.insert(Ready(trial: leg.trial, until: until, why: why), at: 0)
      return verdict(.goOn, why)
    case .pause(let why):
      // A trial that may never go on has told what it is worth so far.
      note(leg.trial, pruned, violation)
      return verdict(.pause, why)
    case .stop(let why):
      note(leg.trial, pruned, violation)
      return verdict(.stop, why)
    case .complete:
      note(leg.trial, .completed(losses), violation)
      return verdict(
        .complete,
        Explanation(
          kind: "complete",
          reason: "trained through, loss \(Standing.text(losses)) at epoch \(leg.until)",
          details: ["epochs": .integer(leg.until), "loss": Standing.value(losses)]))
    }
  }

  private mutating func note(_ trial: Int, _ outcome: Outcome, _ violation: Double = 0) {
    outcomes.set(outcome, violation, of: trial)
    let setting = trial / settings.repeats
    let repeats = settings.trials(of: setting)
    guard let (outcome, violation) = outcomes.mean(of: repeats) else { return }
    sampler.observe(
      Observation(
        trial: setting, assignment: assignments[setting], outcome: outcome, violation: violation))
  }

  private mutating func dismiss() {
    while let dismissal = rule.dismiss() { stop(dismissal.trial, dismissal.why) }
  }

  /// Ends a trial that waits.
  private mutating func stop(_ trial: Int, _ why: Explanation) {
    guard let place = waiting.removeValue(forKey: trial), ended.remove(place.leg) == nil else {
      return
    }
    pending.append(
      Verdict(trial: trial, leg: place.leg, epochs: place.epochs, kind: .stop, why: why))
  }

  private mutating func finish() {
    isFinished = true
    for trial in waiting.keys.sorted() { stop(trial, rule.remainder(trial: trial)) }
  }
}

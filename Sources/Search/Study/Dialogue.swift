/// A search by lines of JSON, for an objective that is computed elsewhere: questions in, answers out.
///
/// | line | answer |
/// |---|---|
/// | `{"ask": 2}` | two of `{"trial": 0, "params": {…}, "until": 9, "why": "…"}`; with `"decision": "promote"` for a trial that goes on after a pause, and `"copy": 4` for one that goes on as a copy of another, with new `params`; `{"wait": true}` until results come, `{"finished": true}` at the end |
/// | `{"report": {"trial": 0, "step": 3, "metrics": {"loss": 0.4}}}` | `{"trial": 0, "decision": "continue", "why": "…"}`, or `pause`, or `stop`; what counts at a rung is the best report so far |
/// | `{"tell": {"trial": 0, "metrics": {"loss": 0.2}}}` | `{"trial": 0, "decision": "complete"}`; `{"tell": {"trial": 0, "failed": true}}` for one without a value |
/// | … with `"violation": 0.3` beside the metrics | by how much a trial broke limits that only trying it shows (a latency, a size): more than 0 counts as worse than any that kept them |
/// | any other | `{"error": "…"}` |
public struct Dialogue {
  /// A line that cannot be answered: what was found and what is allowed.
  private struct Misunderstanding: Error {
    let description: String
  }

  private let spec: SweepSpec
  private var study: Study
  private var params: [Int: Assignment] = [:]
  /// The leg that each trial is on.
  private var legs: [Int: Leg] = [:]
  /// The best that each trial has reported on the way, and by how much that broke limits.
  private var bests: [Int: (losses: [Double], violation: Double)] = [:]
  /// What was decided while something else was asked for, the next one first.
  private var due: [Move] = []

  /// A search as a specification asks for it; see ``SweepSpec/space(_:file:replacing:)``.
  public init(_ spec: SweepSpec) {
    self.spec = spec
    var settings = StudySettings(
      trials: spec.trials,
      order: spec.search.order == .deterministic
        ? .deterministic(window: spec.search.window) : .arrival)
    settings.repeats = spec.search.repeats
    settings.known = spec.known
    settings.space = spec.space
    settings.seed = spec.seed
    study = Study(settings, sampler: spec.makeSampler(), rule: spec.makeRule())
  }

  /// The answers to a line. One that cannot be understood is answered, too: a search that ran for days
  /// is not to be lost by a slip.
  public mutating func answers(to line: String) -> [String] {
    do { return try answer(line) } catch {
      return [Value.map(["error": .string(error.description)]).json]
    }
  }

  /// Throws before anything of the search has changed.
  private mutating func answer(_ line: String) throws(Misunderstanding) -> [String] {
    let message: Value
    do { message = try Value(json: line) } catch {
      throw Misunderstanding(
        description:
          "found no JSON, allowed: an object on one line; NaN is none: tell such a trial as failed")
    }
    guard let keys = message.map, keys.count == 1, let (key, value) = keys.first else {
      throw Misunderstanding(description: "found another form, allowed: \(Self.allowed)")
    }
    switch key {
    case "ask": return try ask(value)
    case "report": return [try report(value)]
    case "tell": return [try tell(value)]
    default: throw Misunderstanding(description: "found \"\(key)\", allowed: \(Self.allowed)")
    }
  }

  private static let allowed = #"{"ask": n}, {"report": {…}} or {"tell": {…}}"#

  // MARK: Asking

  private mutating func ask(_ value: Value) throws(Misunderstanding) -> [String] {
    guard let count = value.integer, (1...10_000).contains(count) else {
      throw Misunderstanding(description: "ask: found \(value.json), allowed: 1 to 10000")
    }
    var answers: [String] = []
    while answers.count < count {
      let move = due.isEmpty ? study.next() : due.removeFirst()
      // What became of trials whose turn came only now is told by what they are asked to do.
      _ = study.verdicts()
      switch move {
      case .begin(let leg, let suggestion):
        params[leg.trial] = suggestion.assignment
        answers.append(begin(leg, decision: nil))
      case .goOn(let leg): answers.append(begin(leg, decision: "promote"))
      case .wait: return answers + [#"{"wait":true}"#]
      case .finished: return answers + [#"{"finished":true}"#]
      }
    }
    return answers
  }

  private mutating func begin(_ leg: Leg, decision: String?) -> String {
    legs[leg.trial] = leg
    if let inheritance = leg.inheritance { params[leg.trial] = inheritance.assignment }
    var answer: [String: Value] = [
      "trial": .integer(leg.trial), "until": .integer(leg.until), "why": .string(leg.why.reason),
      "params": .map(
        (params[leg.trial] ?? Assignment()).reduce(into: [:]) {
          $0[String($1.path.dropFirst("space.".count))] = $1.value
        }),
    ]
    if let parent = leg.inheritance?.parent { answer["copy"] = .integer(parent) }
    if let decision { answer["decision"] = .string(decision) }
    return Value.map(answer).json
  }

  // MARK: Results

  private mutating func report(_ value: Value) throws(Misunderstanding) -> String {
    let (trial, leg) = try leg(of: value, "report")
    guard let step = value.map?["step"]?.integer, step >= 0 else {
      throw Misunderstanding(
        description: "report.step: found \(value.map?["step"]?.json ?? "nothing"), allowed: "
          + "an integer from 0")
    }
    var losses = try losses(value, "report")
    var violation = try violation(value, "report")
    // A rule is told the best so far, as in sweeps; a population goes on from where it is.
    if spec.sampler != .pbt, let best = bests[trial],
      violation != best.violation
        ? violation > best.violation : !Objective.isBetter(losses, than: best.losses)
    {
      (losses, violation) = best
    }
    bests[trial] = (losses, violation)
    guard step >= leg.until else {
      return Self.answer(trial, "continue", "epoch \(leg.until) is the next rung")
    }
    return end(leg, .reached(losses, violation: violation))
  }

  private mutating func tell(_ value: Value) throws(Misunderstanding) -> String {
    let (_, leg) = try leg(of: value, "tell")
    if value.map?["failed"]?.boolean == true { return end(leg, .failed) }
    let losses = try losses(value, "tell")
    return end(leg, .reached(losses, violation: try violation(value, "tell")))
  }

  private mutating func end(_ leg: Leg, _ result: LegResult) -> String {
    legs[leg.trial] = nil
    study.take(leg: leg.number, result)
    // A trial that goes on has its next leg at once, unless the order holds it back.
    let verdicts = study.verdicts()
    guard let verdict = verdicts.last(where: { $0.leg == leg.number }) else {
      // Behind the last rung there is nothing to decide.
      let isLast = study.lastRung(of: leg.trial) == leg.until
      return Self.answer(
        leg.trial, isLast ? "complete" : "pause", "its result is taken in when it is its turn")
    }
    guard verdict.kind == .goOn else {
      return Self.answer(leg.trial, verdict.kind.rawValue, verdict.why.reason)
    }
    let move = study.next()
    if case .goOn(let next) = move, next.trial == leg.trial {
      legs[next.trial] = next
      return Self.answer(leg.trial, "continue", verdict.why.reason)
    }
    switch move {
    case .begin, .goOn: due.append(move)
    case .wait, .finished: break
    }
    return Self.answer(leg.trial, "pause", "it goes on when it is asked for: \(verdict.why.reason)")
  }

  private func leg(of value: Value, _ key: String) throws(Misunderstanding) -> (Int, Leg) {
    guard let trial = value.map?["trial"]?.integer, let leg = legs[trial] else {
      throw Misunderstanding(
        description: "\(key).trial: found \(value.map?["trial"]?.json ?? "nothing"), allowed: "
          + "the number of a trial that was asked for and is under way")
    }
    return (trial, leg)
  }

  private func losses(_ value: Value, _ key: String) throws(Misunderstanding) -> [Double] {
    let metrics = value.map?["metrics"]?.map ?? [:]
    var losses: [Double] = []
    for objective in spec.objectives {
      let found =
        objective.expression?.evaluate { metrics[$0] }?.number ?? metrics[objective.metric]?.number
      guard let found else {
        let names = spec.objectives.flatMap { $0.expression?.names ?? [$0.metric] }
        let missing = names.filter { metrics[$0]?.number == nil }
        throw Misunderstanding(
          description: missing.isEmpty
            ? "\(key).metrics: found no number as \(objective.metric), allowed: metrics of which it is "
              + "one"
            : "\(key).metrics: found no number \(missing.joined(separator: ", ")), allowed: all of "
              + names.joined(separator: ", "))
      }
      losses.append(objective.goal.loss(of: found))
    }
    return losses
  }

  private func violation(_ value: Value, _ key: String) throws(Misunderstanding) -> Double {
    guard let found = value.map?["violation"] else { return 0 }
    guard let violation = found.number, violation.isFinite, violation >= 0 else {
      throw Misunderstanding(
        description: "\(key).violation: found \(found.json), allowed: a number from 0")
    }
    return violation
  }

  private static func answer(_ trial: Int, _ decision: String, _ why: String) -> String {
    Value.map([
      "trial": .integer(trial), "decision": .string(decision), "why": .string(why),
    ]).json
  }
}

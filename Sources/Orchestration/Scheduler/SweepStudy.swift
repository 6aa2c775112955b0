import Postgres
import Search
import Store

/// The search of a sweep that learns from results, as one leader drives it: results in, decisions out,
/// the same rows for both. Whatever goes wrong with the rows, it is made anew from them.
struct SweepStudy {
  private let spec: SweepSpec
  private let goals: [Goal]
  private let revision: Int
  private var study: Study
  /// Legs that are rows, and results that were handed in.
  private var legs: Int
  private var taken: Int
  /// Legs of trials that are out.
  private var out = 0

  /// Whether the search of a sweep needs to know results, or more than the next number.
  static func isNeeded(for spec: SweepSpec) -> Bool {
    spec.sampler == .tpe || spec.sampler == .gp || spec.sampler == .pbt || spec.stop.rule != .none
      || spec.search.order == .deterministic || spec.search.repeats > 1 || !spec.known.isEmpty
  }

  /// Makes the search anew from the rows of a sweep.
  ///
  /// - Parameters:
  ///   - sweep: The sweep as it was just read.
  ///   - spec: What it asks for.
  ///   - stored: All of its legs.
  ///   - earlier: What is known from earlier sweeps.
  /// - Throws: `StudyError` if the rows are not those of such a search.
  init(_ sweep: OpenSweep, _ spec: SweepSpec, stored: [StoredLeg], earlier: [Observation]) throws {
    self.spec = spec
    let goals =
      spec.objectives.count > 1
      ? spec.objectives.map(\.goal) : [sweep.goal.flatMap(Goal.init) ?? spec.objective.goal]
    self.goals = goals
    revision = sweep.revision
    legs = sweep.legs
    taken = sweep.taken
    var settings = StudySettings(
      trials: sweep.trials ?? spec.trials,
      order: spec.search.order == .deterministic
        ? .deterministic(window: spec.search.window) : .arrival)
    settings.repeats = spec.search.repeats
    settings.space = spec.space
    settings.seed = spec.seed
    var history: [LegRecord] = []
    var begun: [Int: Assignment] = [:]
    for leg in stored {
      guard let trial = leg.trial, let until = leg.until, let params = leg.params else { continue }
      // Only a population changes the values of a trial on the way.
      let known = spec.sampler == .pbt ? nil : begun[trial]
      let assignment = try known ?? Assignment(json: params.text)
      if begun[trial] == nil { begun[trial] = assignment }
      var record = LegRecord(
        Leg(
          number: leg.number, trial: trial, until: until, after: leg.known,
          why: Explanation(kind: "stored", reason: "stored")), assignment: assignment)
      if let place = leg.taken {
        record.arrival = place
        record.result = Self.result(leg.result == "reached" ? leg.objectives : nil, goals)
      } else {
        out += 1
      }
      record.verdict = leg.judgement.flatMap(Verdict.Kind.init(rawValue:))
      history.append(record)
    }
    settings.known = Self.untried(spec.known, begun, repeats: spec.search.repeats)
    var sampler = spec.makeSampler()
    for observation in earlier { sampler.observe(observation) }
    study = try Study(
      settings, sampler: sampler, rule: spec.makeRule(trials: settings.trials), history: history)
  }

  /// Points that were added while the sweep ran come after the settings that were begun.
  private static func untried(
    _ known: [Assignment], _ begun: [Int: Assignment], repeats: Int
  ) -> [Assignment] {
    let settings = begun.keys.map { $0 / repeats + 1 }.max() ?? 0
    // Those of the file have the first places; one that was added later has some other, for itself alone.
    var open = Set(0..<settings)
    func tries(_ setting: Int, _ point: Assignment) -> Bool {
      begun[setting * repeats].map { tried in point.allSatisfy { tried[$0.path] == $0.value } }
        ?? false
    }
    let elsewhere = known.enumerated().filter { place, point in
      guard open.contains(place), tries(place, point) else { return true }
      open.remove(place)
      return false
    }
    let untried = elsewhere.map(\.element).filter { point in
      guard let setting = open.sorted().first(where: { tries($0, point) }) else { return true }
      open.remove(setting)
      return false
    }
    return Array(repeating: Assignment(), count: untried.isEmpty ? 0 : settings) + untried
  }

  private static func result(_ objectives: [Double]?, _ goals: [Goal]) -> LegResult {
    guard let objectives, objectives.count == goals.count else { return .failed }
    return .reached(zip(goals, objectives).map { $0.loss(of: $1) })
  }

  /// Whether these are still the rows of the sweep.
  func matches(_ sweep: OpenSweep) -> Bool {
    sweep.legs == legs && sweep.taken == taken && sweep.revision == revision
  }

  /// Whether results are those of legs that this search decided: another leader may have been faster.
  func awaits(_ arrivals: [Arrival]) -> Bool { arrivals.allSatisfy { study.awaits(leg: $0.leg) } }

  /// Takes in results and decides for as many legs as may be out.
  ///
  /// - Parameters:
  ///   - arrivals: Results that were not taken in, in the order in which they came.
  ///   - limit: How many legs may be out; the deterministic order has its own limit.
  /// - Returns: What is to be written.
  /// - Throws: What an assignment that is no JSON throws.
  mutating func turn(_ arrivals: [Arrival], limit: Int) throws -> SearchDecision {
    var decision = SearchDecision()
    for arrival in arrivals {
      study.take(leg: arrival.leg, Self.result(arrival.objectives, goals))
      decision.taken.append(arrival.leg)
      out -= 1
    }
    try tell(study.verdicts(), in: &decision)
    let isDeterministic = spec.search.order == .deterministic
    deciding: while isDeterministic || out < limit {
      let move = study.next()
      // What became of trials comes before what is done next.
      try tell(study.verdicts(), in: &decision)
      switch move {
      case .begin(let leg, let suggestion):
        decision.begun.append(JSON(text: suggestion.assignment.json))
        try add(leg, to: &decision)
      case .goOn(let leg): try add(leg, to: &decision)
      case .wait, .finished: break deciding
      }
    }
    return decision
  }

  /// To be called when the decision is written: the rows are as many more.
  mutating func written(_ decision: SearchDecision) {
    legs += decision.legs.count
    taken += decision.taken.count
  }

  /// How many legs and taken results the next decision starts from.
  var place: (legs: Int, taken: Int) { (legs, taken) }

  private mutating func add(_ leg: Leg, to decision: inout SearchDecision) throws {
    // Numbers at which nothing was decided are rows too.
    while legs + decision.legs.count < leg.number {
      decision.legs.append(SearchDecision.Leg(trial: nil, until: nil, known: leg.after))
    }
    decision.legs.append(SearchDecision.Leg(trial: leg.trial, until: leg.until, known: leg.after))
    decision.told.append(try told(leg.why, trial: leg.trial))
    if let inheritance = leg.inheritance {
      decision.heirs.append(
        SearchDecision.Heir(
          trial: leg.trial, parent: inheritance.parent,
          params: JSON(text: inheritance.assignment.json)))
    }
    out += 1
  }

  private func tell(_ verdicts: [Verdict], in decision: inout SearchDecision) throws {
    for verdict in verdicts {
      decision.judged.removeAll { $0.leg == verdict.leg }
      decision.judged.append(
        SearchDecision.Judgement(leg: verdict.leg, judgement: verdict.kind.rawValue))
      switch verdict.kind {
      // The move that follows says why, and the trial's own rows say how it ended.
      case .goOn, .complete, .fail: break
      case .stop:
        decision.ended.append(verdict.trial)
        decision.told.append(try told(verdict.why, trial: verdict.trial))
      case .pause: decision.told.append(try told(verdict.why, trial: verdict.trial))
      }
    }
  }

  private func told(_ why: Explanation, trial: Int) throws -> SearchDecision.Told {
    SearchDecision.Told(
      trial: trial, kind: why.kind, reason: why.reason,
      details: JSON(text: Value.map(why.details).json))
  }
}

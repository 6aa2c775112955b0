import Search
import Testing

/// What a worker would find: losses by trial and epoch out of a seed, and trials that fail.
struct StudyWorld {
  let seed: UInt64
  var failures = 0.1
  var objectives = 1

  private func number(_ trial: Int, _ epochs: Int) -> Double {
    var random = TestRandom(seed: seed &* 1_000_003 &+ UInt64(trial * 1_009 + epochs))
    return Double(random.next() >> 11) * 0x1p-53
  }

  func result(_ trial: Int, _ epochs: Int) -> LegResult {
    if number(trial, epochs + 500) < failures { return .failed }
    let losses = (0..<objectives).map { objective in
      // A trial is about as good at all rungs; few values, so that some are equal.
      let quality = number(trial, 700 + objective) + 0.3 * number(trial, epochs + 100 * objective)
      return (quality * 20).rounded() / 20
    }
    return .reached(losses)
  }
}

/// Drives a study as a scheduler would and keeps what it would store.
struct StudyDriver {
  var study: Study
  let world: StudyWorld
  let workers: Int
  /// The legs that are trained now.
  private(set) var out: [Leg] = []
  private(set) var moves: [Move] = []
  private(set) var verdicts: [Verdict] = []
  private(set) var records: [LegRecord] = []
  private var assignments: [Int: Assignment] = [:]
  private var arrivals = 0
  private var isWaiting = false
  private(set) var isFinished = false

  init(_ study: Study, world: StudyWorld, workers: Int) {
    self.study = study
    self.world = world
    self.workers = workers
  }

  /// What can happen next: a slot is filled (nil), or a leg ends (its place).
  var choices: [Int?] {
    let isFree = out.count < workers && !isWaiting && !isFinished
    return (isFree ? [nil] : []) + out.indices.map { $0 }
  }

  /// Lets one thing happen.
  mutating func step(_ choice: Int?) {
    guard let choice else {
      fill()
      return
    }
    let leg = out.remove(at: choice)
    let result = world.result(leg.trial, leg.until)
    if let place = records.firstIndex(where: { $0.number == leg.number }) {
      records[place].result = result
      records[place].arrival = arrivals
    }
    arrivals += 1
    study.take(leg: leg.number, result)
    isWaiting = false
    collect()
  }

  private mutating func fill() {
    let move = study.next()
    collect()
    switch move {
    case .begin(let leg, let suggestion):
      #expect(suggestion.trial == leg.trial)
      assignments[leg.trial] = suggestion.assignment
      start(leg, move)
    case .goOn(let leg): start(leg, move)
    case .wait: isWaiting = true
    case .finished: isFinished = true
    }
  }

  private mutating func start(_ leg: Leg, _ move: Move) {
    if let inheritance = leg.inheritance { assignments[leg.trial] = inheritance.assignment }
    out.append(leg)
    moves.append(move)
    records.append(LegRecord(leg, assignment: assignments[leg.trial] ?? Assignment()))
  }

  private mutating func collect() {
    for verdict in study.verdicts() {
      verdicts.append(verdict)
      if let place = records.firstIndex(where: { $0.number == verdict.leg }) {
        records[place].verdict = verdict.kind
      }
    }
  }

  /// Lets things happen in any order until the sweep is over.
  mutating func run(_ random: inout TestRandom) {
    while !isFinished { advance(&random) }
    #expect(out.isEmpty)
  }

  /// Lets one of the things happen that can.
  mutating func advance(_ random: inout TestRandom) {
    guard let choice = choices.randomElement(using: &random) else {
      Issue.record("the study is stuck after \(moves.count) moves")
      isFinished = true
      return
    }
    step(choice)
  }

  /// The epochs that each trial came to, and how it ended.
  var ends: [Int: Verdict] {
    Dictionary(verdicts.map { ($0.trial, $0) }) { _, last in last }
  }
}

/// A sampler whose suggestions depend on everything that it was told, in order.
struct HeedfulSampler: Sampler {
  let name = "heedful"
  var told = 0
  var limit = Int.max

  mutating func observe(_ observation: Observation) {
    var random = TestRandom(seed: UInt64(truncatingIfNeeded: told) ^ Self.digest(observation))
    told = Int(truncatingIfNeeded: random.next() >> 20)
  }

  private static func digest(_ observation: Observation) -> UInt64 {
    let text = "\(observation.trial) \(observation.assignment.json) \(observation.outcome)"
    return text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  func suggest(trial: Int) -> Suggestion? {
    guard trial < limit else { return nil }
    return Suggestion(
      trial: trial, assignment: Assignment(["x": .integer(told), "n": .integer(trial)]),
      sampler: name, reason: "told \(told)")
  }
}

extension StudyDriver {
  /// A study of a rule in these tests: nine epochs, so that rules that halve have three rungs.
  static func study(
    _ kind: StopRuleKind, _ settings: StudySettings, limit: Int = .max,
    history: [LegRecord] = []
  ) throws -> Study {
    var stop = StopSettings(kind, epochs: 9, trials: settings.trials)
    stop.repeats = settings.repeats
    stop.startup = 2
    stop.every = 3
    stop.patience = 1
    stop.threshold = [0.6]
    return try Study(
      settings, sampler: HeedfulSampler(limit: limit), rule: makeStopRule(stop),
      history: history)
  }
}

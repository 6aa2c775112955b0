/// What another rule would have made of trials whose curves are stored.
///
/// Trials come in the order of their numbers and are trained by so many workers that take equally long
/// for each epoch. What a sampler would have learned from other judgements is left out: the settings
/// stay those of the sweep.
public struct Replay: Hashable, Sendable {
  /// A trial and how far it came.
  public struct Trial: Hashable, Sendable {
    /// The number of the trial.
    public let trial: Int
    /// The epochs that it was trained.
    public let epochs: Int
    /// The best losses until then.
    public let losses: [Double]
  }

  /// The rule.
  public let settings: StopSettings
  /// The epochs that it would have trained.
  public let epochs: Int
  /// The epochs that are stored.
  public let storedEpochs: Int
  /// The trials that would have been stopped, or never promoted, in the order of their numbers.
  public let stopped: [Trial]
  /// The trials that would have been trained further than is stored: they are taken to stay as good as
  /// they were.
  public let cut: [Int]
  /// The best trial that would have been found; nil if none has a value.
  public let found: Trial?
  /// The best trial that is stored; nil if none has a value.
  public let best: Trial?

  /// How many epochs would have been saved.
  public var savedEpochs: Int { storedEpochs - epochs }

  /// By how much the trial that would have been found is worse than the best one, by objective.
  public var lost: [Double]? {
    guard let found, let best else { return nil }
    return zip(found.losses, best.losses).map { $0 - $1 }
  }

  /// Tries a rule.
  ///
  /// - Parameters:
  ///   - settings: The rule; its number of trials is that of the curves.
  ///   - curves: The losses of each trial by its number, then by epoch, then by objective; without
  ///     epochs for a trial that failed.
  ///   - workers: How many trials are trained at a time.
  public init(_ settings: StopSettings, curves: [[[Double]]], workers: Int = 1) {
    precondition(workers > 0, "a worker is needed")
    self.settings = settings
    let bests = curves.map(Self.bestSoFar)
    storedEpochs = bests.reduce(0) { $0 + $1.count }
    best = Self.best(of: bests.indices.map { Self.trial($0, bests[$0].count, bests) })
    guard !bests.isEmpty else {
      (epochs, stopped, cut, found) = (0, [], [], nil)
      return
    }
    var settings = settings
    settings.trials = bests.count
    var run = Run(settings, bests, workers)
    run.train()
    epochs = run.reached.reduce(0, +)
    let ends = bests.indices.map { Self.trial($0, run.reached[$0], bests) }
    stopped = run.stopped.sorted().map { ends[$0] }
    cut = run.cut.sorted()
    found = Self.best(of: ends)
  }

  /// At each epoch the losses of the best one so far, as workers tell them.
  private static func bestSoFar(_ curve: [[Double]]) -> [[Double]] {
    var bests: [[Double]] = []
    for losses in curve {
      guard let last = bests.last else {
        bests.append(losses)
        continue
      }
      bests.append(Objective.isBetter(losses, than: last) ? losses : last)
    }
    return bests
  }

  private static func trial(_ trial: Int, _ epochs: Int, _ bests: [[[Double]]]) -> Trial {
    Trial(trial: trial, epochs: epochs, losses: epochs > 0 ? bests[trial][epochs - 1] : [])
  }

  private static func best(of trials: [Trial]) -> Trial? {
    var ranking = Ranking()
    for trial in trials where !trial.losses.isEmpty && trial.losses.allSatisfy(\.isFinite) {
      ranking.insert(trial: trial.trial, losses: trial.losses)
    }
    return ranking.count > 0 ? trials[ranking.entry(at: 0).trial] : nil
  }

  /// Says so in a sentence: `stop 'asha: {eta: 3}' would have trained 412 of 1,620 epochs (25 %) and
  /// found trial 17 with 0.981 instead of trial 4 with 0.983`.
  ///
  /// - Parameters:
  ///   - goals: Those of the objectives: losses of what is maximized are negative values.
  ///   - name: What a trial is called, by its number.
  /// - Returns: The sentence.
  public func description(
    goals: [Goal] = [], name: (Int) -> String = { "\($0)" }
  ) -> String {
    func value(_ losses: [Double]) -> String {
      let values = losses.enumerated().map { objective, loss in
        goals.indices.contains(objective) && goals[objective] == .maximize ? -loss : loss
      }
      return Standing.text(values)
    }
    let share = storedEpochs == 0 ? 0 : (200 * epochs + storedEpochs) / (2 * storedEpochs)
    var text =
      "stop '\(settings.text(goals: goals))' would have trained \(Self.grouped(epochs)) of "
      + "\(Self.grouped(storedEpochs)) epochs (\(share) %)"
    if let found, let best {
      text +=
        found.losses == best.losses
        ? " and found the best trial, \(name(found.trial)) with \(value(found.losses))"
        : " and found trial \(name(found.trial)) with \(value(found.losses)) instead of trial "
          + "\(name(best.trial)) with \(value(best.losses))"
    }
    return text
  }

  private static func grouped(_ number: Int) -> String {
    let digits = Array("\(number)")
    return digits.indices.reduce(into: "") { text, place in
      if place > 0, (digits.count - place).isMultiple(of: 3) { text += "," }
      text.append(digits[place])
    }
  }
}

extension Replay {
  /// A study over stored curves, with a clock that counts epochs.
  private struct Run {
    private struct Busy {
      let end: Int
      let leg: Leg
    }

    private var study: Study
    private let bests: [[[Double]]]
    private let workers: Int
    private var busy: [Busy] = []
    private var clock = 0
    /// The epochs that each trial has behind it.
    private(set) var reached: [Int]
    private(set) var stopped: Set<Int> = []
    private(set) var cut: Set<Int> = []

    init(_ settings: StopSettings, _ bests: [[[Double]]], _ workers: Int) {
      study = Study(
        StudySettings(trials: bests.count), sampler: Given(), rule: makeStopRule(settings))
      self.bests = bests
      self.workers = workers
      reached = bests.map { _ in 0 }
    }

    mutating func train() {
      while true {
        let move = busy.count < workers ? study.next() : .wait
        switch move {
        case .begin(let leg, _), .goOn(let leg): start(leg)
        case .wait: end()
        case .finished:
          judge()
          return
        }
      }
    }

    private mutating func start(_ leg: Leg) {
      let until = min(leg.until, bests[leg.trial].count)
      if until < leg.until, until > 0 { cut.insert(leg.trial) }
      busy.append(Busy(end: clock + until - reached[leg.trial], leg: leg))
      reached[leg.trial] = until
    }

    /// Lets the clock run until the next leg ends.
    private mutating func end() {
      let first = busy.indices.min {
        (busy[$0].end, busy[$0].leg.number) < (busy[$1].end, busy[$1].leg.number)
      }
      guard let first else { preconditionFailure("nothing is trained and nothing decided") }
      let (end, leg) = (busy[first].end, busy[first].leg)
      busy.remove(at: first)
      clock = end
      let until = reached[leg.trial]
      study.take(leg: leg.number, until > 0 ? .reached(bests[leg.trial][until - 1]) : .failed)
      judge()
    }

    private mutating func judge() {
      for verdict in study.verdicts() where verdict.kind == .stop { stopped.insert(verdict.trial) }
    }
  }

  /// The settings of the sweep, whatever they were.
  private struct Given: Sampler {
    let name = "given"

    func suggest(trial: Int) -> Suggestion? {
      Suggestion(trial: trial, assignment: Assignment(), sampler: name, reason: "")
    }
  }
}

import Philox

/// Tries what is likelier among the good trials than among the others (tree-structured Parzen
/// estimators: Bergstra et al., "Algorithms for hyper-parameter optimization", 2011).
///
/// With the same options as Optuna 5.0's sampler, the densities are the same.
public struct TPESampler: Sampler {
  /// The name of the sampler.
  public static let name = "tpe"
  /// The name of the sampler.
  public var name: String { Self.name }
  /// How it searches.
  public let options: TPEOptions

  private let space: Space
  private let seed: UInt64
  private let startup: SobolSampler
  private var ranking: TrialRanking
  private var groups: [ParameterGroup]
  /// The last observation of each trial.
  private var observations: [Int: Observation] = [:]
  /// In which densities each trial is.
  private var seats: [Int: Seat] = [:]
  private var good: Set<Int> = []
  private var changed: Set<Int> = []
  /// The trials that count in a density, in order, and the first one that counts unless it is good.
  private var counted: [Int] = []
  private var first = 0

  /// A search in a space. Equal seeds and observations give equal points, in any process.
  ///
  /// - Parameters:
  ///   - space: What may be tried.
  ///   - options: How to search.
  ///   - objectives: How many losses each trial has.
  ///   - seed: The seed of the sweep.
  public init(
    _ space: Space, _ options: TPEOptions = TPEOptions(), objectives: Int = 1, seed: UInt64
  ) {
    precondition(options.candidates > 0, "no candidate to choose")
    self.space = space
    self.options = options
    self.seed = seed
    startup = SobolSampler(space, seed: seed)
    ranking = TrialRanking(options, objectives: objectives)
    groups = ParameterGroup.places(of: space, areJoined: options.multivariate).map {
      ParameterGroup($0, of: space, options, objectives: objectives)
    }
  }

  /// Takes in what is known of a trial.
  public mutating func observe(_ observation: Observation) {
    observations[observation.trial] = observation
    ranking.observe(observation)
    changed.insert(observation.trial)
    let place = counted.firstPlace { $0 >= observation.trial }
    let isCounted = place < counted.count && counted[place] == observation.trial
    guard counts(observation) != isCounted else { return }
    if isCounted {
      counted.remove(at: place)
    } else {
      counted.insert(observation.trial, at: place)
    }
  }

  private func counts(_ observation: Observation) -> Bool {
    switch observation.outcome {
    case .failed: false
    case .running: options.constantLiar
    case .completed, .pruned: true
    }
  }

  /// The point of a trial; there is always one.
  ///
  /// - Precondition: The number fits in 32 bits.
  public mutating func suggest(trial: Int) -> Suggestion? {
    precondition(trial >= 0 && trial < UInt32.max, "trial \(trial) cannot be numbered")
    guard ranking.count >= options.startupTrials, !groups.isEmpty else { return begin(trial) }
    update()
    var random = Philox(seed: seed).sequence(.search, step: UInt32(trial))
    var choice = Choice(values: Array(repeating: nil, count: space.parameters.count), checks: 0)
    // A hundred refusals show that the good trials lie where the constraints forbid.
    while choice.checks < 100 {
      if choose(0, &choice, &random) {
        return Suggestion(
          trial: trial, assignment: Assignment(space, values: choice.values), sampler: name,
          reason: reason(choice))
      }
    }
    return Suggestion(
      trial: trial, assignment: space.drawAllowed(&random), sampler: name,
      reason: "a draw at random: the constraints exclude all that is expected to be good")
  }

  private func begin(_ trial: Int) -> Suggestion? {
    let first =
      options.startup == .sobol
      ? startup.suggest(trial: trial) : RandomSampler(space, seed: seed).suggest(trial: trial)
    return first.map { first in
      Suggestion(
        trial: trial, assignment: first.assignment, sampler: name,
        reason: first.reason + "; \(ranking.count) of the first \(options.startupTrials) have ended"
      )
    }
  }
}

// MARK: - Choosing a point

extension TPESampler {
  /// A point in the making.
  private struct Choice {
    var values: [Value?]
    /// How many points the constraints refused.
    var checks: Int
    var gain = 0.0
    /// The numbers of the groups that are there.
    var numbers: [Int: [Double]] = [:]
  }

  /// Chooses the values of a group and of all behind it.
  ///
  /// The best candidate of each group is taken, or the next best if the constraints refuse what
  /// comes of it.
  private func choose(
    _ index: Int, _ choice: inout Choice, _ random: inout RandomSequence
  ) -> Bool {
    guard index < groups.count else {
      if space.isAllowed(Assignment(space, values: choice.values)) { return true }
      choice.checks += 1
      return false
    }
    let group = groups[index]
    guard isPresent(group, given: choice.values) else { return choose(index + 1, &choice, &random) }
    for candidate in group.candidates(options.candidates, &random) {
      var next = choice
      for (slot, place) in group.places.enumerated() {
        next.values[place] = group.axes[slot].value(at: candidate.numbers[slot])
      }
      next.gain += candidate.gain
      next.numbers[index] = candidate.numbers
      if choose(index + 1, &next, &random) {
        choice = next
        return true
      }
      choice.checks = next.checks
      if choice.checks >= 100 { return false }
    }
    return false
  }

  private func isPresent(_ group: ParameterGroup, given values: [Value?]) -> Bool {
    guard let first = group.places.first else { return false }
    return space.isPresent(space.parameters[first]) { path in
      space.parameters.firstIndex { $0.path == path }.flatMap { values[$0] }
    }
  }

  /// `near 2 of the 5 best of 48 trials, 12 times likelier among them than among the rest`.
  private func reason(_ choice: Choice) -> String {
    var near = good
    for (index, numbers) in choice.numbers {
      near.formIntersection(groups[index].good.trials(near: numbers))
    }
    let times = Exponential.exp(max(-300, min(choice.gain, 300)))
    let ratio = Value.short(times < 10 ? (times * 10).rounded() / 10 : times.rounded())
    return "near \(near.count) of the \(good.count) best of \(ranking.count) trials, "
      + "\(ratio) times as likely among them as among the others; "
      + "the best of \(options.candidates) candidates"
  }
}

// MARK: - Keeping up

extension TPESampler {
  /// Where a trial counts: in which density, of which groups, with which values.
  private struct Seat {
    let side: ParameterGroup.Side
    let groups: [Int]
    let assignment: Assignment
  }

  /// Moves the trials that changed to the density where they belong.
  private mutating func update() {
    guard !changed.isEmpty else { return }
    let best = ranking.good()
    changed.formUnion(best.symmetricDifference(good))
    good = best
    let first = counted.count > options.mostRest ? counted[counted.count - options.mostRest] : 0
    changed.formUnion(
      counted[counted.firstPlace { $0 >= min(first, self.first) }...].prefix {
        $0 < max(first, self.first)
      })
    self.first = first
    for trial in changed.sorted() { move(trial) }
    for index in groups.indices { groups[index].apply() }
    changed = []
  }

  private mutating func move(_ trial: Int) {
    let observation = observations[trial]
    let side = observation.flatMap(side)
    let seat = seats[trial]
    if let seat, seat.side == side, seat.assignment == observation?.assignment { return }
    if let seat {
      for index in seat.groups { groups[index].remove(trial, from: seat.side) }
      seats[trial] = nil
    }
    guard let observation, let side else { return }
    var members: [Int] = []
    for index in groups.indices {
      guard let numbers = groups[index].numbers(of: observation.assignment, in: space) else {
        continue
      }
      groups[index].insert(trial, numbers, into: side)
      members.append(index)
    }
    seats[trial] = Seat(side: side, groups: members, assignment: observation.assignment)
  }

  private func side(of observation: Observation) -> ParameterGroup.Side? {
    guard counts(observation) else { return nil }
    if good.contains(observation.trial) { return .good }
    return observation.trial < first ? nil : .rest
  }
}

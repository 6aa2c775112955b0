/// The queue as a state machine, small enough to visit every state: one trial of two epochs, two
/// workers that may fall silent at any moment and go on as zombies, two processes that both believe
/// they lead, answers that are lost, and a user who cancels. Every SQL function is an atomic step, except that a write is
/// two (its fence, and its commit), as the row lock between them is what the design rests on.
struct QueueModel {
  /// The design, or one of its broken twins.
  enum Design: CaseIterable {
    case sound
    /// The fence asks whether the trial runs, not whose attempt it is.
    case noToken
    /// A trial that comes back begins to count anew, as where attempts are counted and a retry by
    /// hand starts over.
    case tokenIsReset
    /// The reaper looks first and takes later, by the trial's id.
    case reapByID
    /// The fence takes a lock that an update does not wait for.
    case keyShare
  }

  enum TrialState: Hashable { case queued, leased, succeeded, cancelled }

  /// What a worker's process believes.
  struct Worker: Hashable {
    /// Whether the database believes that it lives.
    var isAlive = true
    /// The attempt that it believes is its own.
    var token: Int?
    /// Epochs that it has trained.
    var epoch = 0
    /// Whether it is between the fence and the commit of a write.
    var isWriting = false
  }

  struct State: Hashable {
    var trial = TrialState.queued
    var token = 0
    var holder: Int?
    var isReady = false
    var cancelIsAsked = false
    var checkpoint = 0
    /// The token that wrote each epoch; 0 if nobody has.
    var rows = [0, 0]
    var result = 0
    var workers = [Worker(), Worker()]
    /// In the twin that reaps in two steps: what each leader is about to take.
    var aboutToReap = [false, false]
  }

  struct Step {
    var name: String
    var next: State
    /// What must never happen, if it did.
    var violation: String?
  }

  static let epochs = 2
  static let mostTokens = 4
  /// The holder that is neither worker any more.
  static let formerIdentity = 2
  let design: Design

  // MARK: Steps

  func steps(from state: State) -> [Step] {
    var steps: [Step] = []
    func step(_ name: String, _ violation: String? = nil, _ change: (inout State) -> Void) {
      var next = state
      change(&next)
      steps.append(
        Step(name: name, next: next, violation: violation ?? Self.violation(state, next)))
    }
    // A row lock of a write under way holds up whoever wants to change the state.
    let isLocked =
      design != .keyShare
      && state.workers.contains { $0.isWriting && holds($0, state) }

    if state.trial == .queued && !state.isReady { step("refill") { $0.isReady = true } }
    if !isLocked { user(state, step) }
    for leader in 0..<2 { reap(leader, state, isLocked, step) }
    for worker in 0..<2 { work(worker, state, isLocked, step) }
    return steps
  }

  /// Whether the fence lets a worker's write pass.
  private func holds(_ worker: Worker, _ state: State) -> Bool {
    guard let token = worker.token, state.trial == .leased else { return false }
    return design == .noToken || token == state.token
  }

  private typealias Stepping = (String, String?, (inout State) -> Void) -> Void

  private func user(_ state: State, _ step: Stepping) {
    switch state.trial {
    case .queued:
      step("cancel", nil) {
        $0.trial = .cancelled
        $0.isReady = false
      }
    case .leased where !state.cancelIsAsked: step("cancel", nil) { $0.cancelIsAsked = true }
    default: break
    }
  }

  private func reap(_ leader: Int, _ state: State, _ isLocked: Bool, _ step: Stepping) {
    let mayTake =
      state.trial == .leased
      && state.holder.map { $0 == Self.formerIdentity || !state.workers[$0].isAlive } ?? false
    func take(_ next: inout State) {
      next.trial = next.cancelIsAsked ? .cancelled : .queued
      next.holder = nil
      next.cancelIsAsked = false
      if design == .tokenIsReset { next.token = 0 }
    }
    guard design == .reapByID else {
      if mayTake && !isLocked { step("leader \(leader) reaps", nil, take) }
      return
    }
    if mayTake && !state.aboutToReap[leader] {
      step("leader \(leader) looks", nil) { $0.aboutToReap[leader] = true }
    }
    if state.aboutToReap[leader] && !isLocked {
      let isWrong = state.trial == .leased && !mayTake
      step("leader \(leader) takes", isWrong ? "a live worker's lease was taken" : nil) {
        $0.aboutToReap[leader] = false
        take(&$0)
      }
    }
  }

  private func work(_ number: Int, _ state: State, _ isLocked: Bool, _ step: Stepping) {
    let worker = state.workers[number]
    let name = "worker \(number)"
    if worker.isAlive { step("\(name) falls silent", nil) { $0.workers[number].isAlive = false } }
    guard let token = worker.token else {
      // A new process, or the old one under a new identity.
      if !worker.isAlive {
        step("\(name) registers", nil) { next in
          next.workers[number].isAlive = true
          // Under a fresh identity: what the old one held is not its own.
          if next.holder == number { next.holder = Self.formerIdentity }
        }
      }
      if worker.isAlive && state.isReady && state.token < Self.mostTokens && state.trial == .queued
      {
        for isLost in [false, true] {
          step("\(name) claims\(isLost ? ", the answer is lost" : "")", nil) { next in
            next.isReady = false
            next.trial = .leased
            next.token += 1
            next.holder = number
            for epoch in next.checkpoint..<Self.epochs { next.rows[epoch] = 0 }
            guard !isLost else { return }
            next.workers[number].token = next.token
            next.workers[number].epoch = next.checkpoint
          }
        }
      }
      if worker.isAlive && state.holder == number && !isLocked {
        // It asks what it holds, and gives back what it does not train.
        step("\(name) gives back a stray", nil) { next in
          next.trial = next.cancelIsAsked ? .cancelled : .queued
          next.holder = nil
          next.cancelIsAsked = false
        }
      }
      return
    }
    func drop(_ next: inout State) {
      next.workers[number].token = nil
      next.workers[number].epoch = 0
      next.workers[number].isWriting = false
    }
    if worker.isWriting {
      // Whether it writes a checkpoint, too, is its own affair.
      let isLate = token != state.token || state.trial != .leased
      for isCheckpoint in [false, true] {
        step(
          "\(name) commits epoch \(worker.epoch + 1)\(isCheckpoint ? " and a checkpoint" : "")",
          isLate ? "attempt \(token) wrote after its lease was over" : nil
        ) { next in
          next.rows[worker.epoch] = token
          next.workers[number].epoch += 1
          next.workers[number].isWriting = false
          if isCheckpoint { next.checkpoint = max(next.checkpoint, worker.epoch + 1) }
        }
      }
      step("\(name) is killed", nil) { next in
        drop(&next)
        next.workers[number].isAlive = false
      }
      return
    }
    if !worker.isAlive { step("\(name) hears that it is dead", nil, drop) }
    guard holds(worker, state) else {
      // The fence, a finish or a release tells it.
      return step("\(name) finds its lease lost", nil, drop)
    }
    if worker.epoch < Self.epochs {
      step("\(name) passes the fence", nil) { $0.workers[number].isWriting = true }
    }
    guard !isLocked else { return }
    let isLate = token != state.token
    let late = isLate ? "attempt \(token) ended attempt \(state.token)" : nil
    func end(_ next: inout State, _ trial: TrialState, isLost: Bool = false) {
      next.trial = trial
      next.holder = nil
      next.cancelIsAsked = false
      if !isLost { drop(&next) }
    }
    let answers = [(false, ""), (true, ", the answer is lost")]
    for (isLost, words) in answers where worker.epoch == Self.epochs {
      step("\(name) finishes\(words)", late) { next in
        end(&next, .succeeded, isLost: isLost)
        next.result = token
      }
    }
    if state.cancelIsAsked && worker.isAlive {
      step("\(name) heeds the cancellation", late) { end(&$0, .cancelled) }
    }
    for (isLost, words) in answers {
      step("\(name) gives back\(words)", late) { next in
        end(&next, state.cancelIsAsked ? .cancelled : .queued, isLost: isLost)
        if design == .tokenIsReset { next.token = 0 }
      }
    }
  }

  // MARK: What must hold

  static func violation(_ before: State, _ after: State) -> String? {
    let isOver = before.trial == .succeeded || before.trial == .cancelled
    if isOver && after.trial != before.trial { return "\(before.trial) became \(after.trial)" }
    if (after.trial == .leased) != (after.holder != nil) { return "a lease without a holder" }
    if after.isReady && after.trial != .queued { return "\(after.trial) and claimable" }
    if after.trial == .succeeded {
      if after.rows.contains(0) { return "an epoch of the result is missing: \(after.rows)" }
      if after.result != after.token { return "the result is not the last attempt's" }
    }
    let written = after.rows.filter { $0 > 0 }
    if written != written.sorted() { return "attempts are interleaved: \(after.rows)" }
    return nil
  }

  // MARK: Visiting all states

  struct Exploration {
    /// How many states can be reached.
    var states = 0
    /// The shortest way to something that must never happen.
    var counterexample: [String]?
    /// States from which the trial can never end any more.
    var stuck = 0
  }

  func explore() -> Exploration {
    let start = State()
    var cameFrom: [State: (State, String)] = [:]
    var seen: Set<State> = [start]
    var before: [State: [State]] = [:]
    var queue = [start]
    var head = 0
    var ends: [State] = []
    func way(to state: State) -> [String] {
      var names: [String] = []
      var state = state
      while let (previous, name) = cameFrom[state] {
        names.append(name)
        state = previous
      }
      return names.reversed()
    }
    while head < queue.count {
      let state = queue[head]
      head += 1
      if state.trial == .succeeded || state.trial == .cancelled || state.token == Self.mostTokens {
        ends.append(state)
      }
      for step in steps(from: state) {
        if let violation = step.violation {
          return Exploration(
            states: seen.count, counterexample: way(to: state) + [step.name, violation])
        }
        before[step.next, default: []].append(state)
        if seen.insert(step.next).inserted {
          cameFrom[step.next] = (state, step.name)
          queue.append(step.next)
        }
      }
    }
    var canEnd = Set(ends)
    var open = ends
    while let state = open.popLast() {
      for previous in before[state] ?? [] where canEnd.insert(previous).inserted {
        open.append(previous)
      }
    }
    return Exploration(states: seen.count, stuck: seen.count - canEnd.count)
  }
}

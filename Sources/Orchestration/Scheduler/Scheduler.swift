import Dispatch
import FoundationEssentials
public import Logging
public import Postgres
import Search
import Store

/// The daemon that decides: accepts or refuses sweeps, turns them into trials, keeps the window of
/// claimable trials filled, takes trials back from dead workers, and ends sweeps.
///
/// Any number may run; one leads, the others stand by. Whatever it knows it can read again, so that
/// it may be killed at any moment.
public final class Scheduler {
  private let settings: SchedulerSettings
  private let logger: Logger
  private let client: DatabaseClient
  private let validation: DatabaseClient
  private let holder = UUID()
  private var trust: LeaderTrust
  private var leadership: Leadership?
  private var searches: [Int: SweepSearch] = [:]
  private var complaints: Set<Int> = []
  /// The sweeps that another session held when it was their turn, and until when they are passed over.
  private var held: [Int: ContinuousClock.Instant] = [:]
  private var nextReap = ContinuousClock.now
  /// When the database was last found away.
  private var lastTrouble: ContinuousClock.Instant?
  private var window: Int
  /// Of the workers that are alive.
  private var slots = 0
  private var ready: ReadyWindow
  private var housekeeping: Housekeeping

  /// - Parameters:
  ///   - options: Where the database is.
  ///   - settings: How to run.
  ///   - logger: Tells what happens.
  public init(_ options: ConnectionOptions, _ settings: SchedulerSettings, logger: Logger) {
    self.settings = settings
    self.logger = logger
    var impatient = options
    // Who waits longer for a lock leads no more.
    impatient.callTimeout = max(settings.lease * 2, .seconds(10))
    client = DatabaseClient(impatient, name: "scheduler", logger: logger)
    validation = DatabaseClient(options, name: "validation", logger: logger)
    trust = LeaderTrust(lease: settings.lease, now: .now)
    window = settings.window
    ready = ReadyWindow(queue: settings.queue)
    housekeeping = Housekeeping(queue: settings.queue, logger: logger)
  }

  /// Schedules until `shutdown` is requested, then lets another one lead at once.
  ///
  /// - Throws: `StoreError` when the database refuses for good: no such database, no right to it,
  ///   or one of another version.
  public func run(until shutdown: Shutdown) throws {
    defer {
      client.close()
      validation.close()
    }
    do {
      try client.persist(while: { !shutdown.isRequested }) { try $0.checkVersion() }
    } catch let error as StoreError where error.isRetryable && shutdown.isRequested {
      return
    }
    let validator = SweepValidator(validation, DatasetCache(), shutdown: shutdown)
    logger.info("scheduling", metadata: ["queue": "\(settings.queue)"])
    while !shutdown.isRequested {
      let now = ContinuousClock.now
      do {
        switch trust.due(at: now) {
        case .ask: try ask(at: now)
        case .standBy: shutdown.wait(settings.interval.interval)
        case .lead:
          let hasMore = try turn(validator)
          // A turn over many sweeps takes its time: never more than a tenth of the database's. But who
          // was held up must not sleep beyond its lease.
          let rest = min((.now - now) * 10, settings.lease / 4)
          if !hasMore { shutdown.wait(max(settings.interval, rest).interval) }
        }
      } catch let error as StoreError where error.code == .leadershipLost {
        logger.notice("the lease is over or another's: standing by")
        follow(at: .now)
      } catch let error as StoreError where error.isRetryable {
        if error.isOutage { lastTrouble = .now }
        trust.unanswered(at: .now)
        shutdown.wait(settings.interval.interval)
      }
    }
    if let leadership { _ = try? client.perform { try $0.resign(leadership) } }
    logger.info("stopped")
  }

  // MARK: Leading

  private func ask(at now: ContinuousClock.Instant) throws {
    if let leadership {
      if try client.perform({ try $0.renew(leadership, ttl: settings.lease) }) {
        return trust.granted(term: leadership.term, asked: now)
      }
      logger.notice("the lease is over or another's: standing by")
      return follow(at: now)
    }
    let granted = try client.perform {
      try $0.acquireLeadership(of: settings.queue, holder: holder, ttl: settings.lease)
    }
    guard let granted else { return trust.refused(at: now) }
    logger.info("leading", metadata: ["term": "\(granted.term)"])
    leadership = granted
    searches = [:]
    trust.granted(term: granted.term, asked: now)
  }

  private func follow(at now: ContinuousClock.Instant) {
    leadership = nil
    trust.refused(at: now)
  }

  // MARK: One turn

  /// Looks at all open sweeps once and does what is due.
  ///
  /// - Returns: Whether there is more to do at once.
  private func turn(_ validator: SweepValidator) throws -> Bool {
    guard let leadership else { return false }
    let reaps = ContinuousClock.now >= nextReap
    // Before anything that could have to wait for the locks of such a client.
    if reaps {
      try endSilentClients()
      try reap(leadership)
      nextReap = .now + .seconds(1)
    }
    var hasMore = false
    let sweeps = try client.perform { try $0.openSweeps(queue: settings.queue) }
    let open = Set(sweeps.map(\.id))
    searches = searches.filter { open.contains($0.key) }
    held = held.filter { open.contains($0.key) }
    for sweep in sweeps where held[sweep.id].map({ $0 <= .now }) ?? true {
      do {
        hasMore = try advance(sweep, validator, leadership) || hasMore
        held[sweep.id] = nil
      } catch let error as StoreError where error.code == .busy {
        // The others must not wait for whoever has it.
        if held.updateValue(.now + .seconds(2), forKey: sweep.id) == nil {
          logger.notice("sweep \(sweep.id) is held by another session: it waits")
        }
      } catch let error as StoreError where error.isRetryable || error.code == .leadershipLost {
        throw error
      } catch {
        // One sweep that cannot go on must not hold up the others.
        if complaints.insert(sweep.id).inserted {
          logger.error("sweep \(sweep.id) is stuck: \(error)")
          try client.perform {
            try $0.tell(sweep: sweep.id, stuck: "\(error)", by: leadership)
          }
        }
      }
    }
    let running = sweeps.filter { $0.state == "active" && !$0.paused && $0.unfinished > 0 }
    // There is room for one of each.
    housekeeping.note(
      try ready.turn(
        of: leadership, client, size: max(window, running.count), sweeps: Set(running.map(\.id))))
    try housekeeping.turn(of: leadership, client)
    return hasMore
  }

  private func advance(
    _ sweep: OpenSweep, _ validator: SweepValidator, _ leadership: Leadership
  ) throws -> Bool {
    guard sweep.state == "active" else {
      guard let verdict = validator.verdict(on: sweep) else { return false }
      let (id, revision) = (sweep.id, verdict.revision)
      switch verdict.answer {
      case .accepted(let activation):
        if try client.perform({
          try $0.activate(sweep: id, revision: revision, activation, by: leadership)
        }) {
          logger.info(
            "sweep \(sweep.id) accepted",
            metadata: ["name": "\(sweep.name)", "trials": "\(activation.trials)"])
        }
      case .refused(let reason):
        if try client.perform({
          try $0.refuse(sweep: id, revision: revision, reason: reason, by: leadership)
        }) {
          logger.warning("sweep \(sweep.id) refused: \(reason)")
        }
      }
      return true
    }
    guard let trials = sweep.trials else { return false }
    if !sweep.isStopped, try search(sweep, trials, leadership) { return true }
    if sweep.unfinished == 0, try client.perform({ try $0.finish(sweep: sweep.id, by: leadership) })
    {
      logger.info("sweep \(sweep.id) finished", metadata: ["trials": "\(trials)"])
    }
    return false
  }

  /// Decides for a sweep.
  ///
  /// - Returns: Whether there is more to do at once.
  private func search(
    _ sweep: OpenSweep, _ trials: Int, _ leadership: Leadership
  ) throws -> Bool {
    if searches[sweep.id]?.matches(sweep) != true {
      do {
        searches[sweep.id] = try client.perform { try SweepSearch(sweep, $0) }
      } catch let error as SpecErrors where sweep.revision > 0 {
        let isTakenBack = try client.perform {
          try $0.takeBack(
            sweep: sweep.id, revision: sweep.revision, reason: error.errors[0].message,
            path: error.errors[0].path, by: leadership)
        }
        // Else it is none of the changes that makes no sense.
        guard isTakenBack else { throw error }
        logger.warning("sweep \(sweep.id): the change is taken back: \(error)")
        return true
      }
    }
    switch searches[sweep.id] {
    case .numbered(let search):
      guard sweep.created < trials else { return false }
      // No more rows than will be wanted soon.
      let wanted = min(trials - sweep.created, 2 * window - sweep.unfinished)
      guard wanted > 0 else { return false }
      let made = try search.trials(sweep.created..<sweep.created + wanted)
      return try client.perform {
        try $0.createTrials(sweep: sweep.id, first: sweep.created, made, by: leadership)
      } > 0
    case .learning(let study): return try learn(study, sweep, leadership)
    case nil: return false
    }
  }

  private func learn(
    _ study: SweepStudy, _ sweep: OpenSweep, _ leadership: Leadership
  ) throws -> Bool {
    // Until it is written, whatever was decided is nothing: the study is made anew from the rows.
    searches[sweep.id] = nil
    var study = study
    let place = study.place
    let arrivals = try client.perform { try $0.arrivals(sweep: sweep.id) }
    guard study.awaits(arrivals) else { return false }
    let decision = try study.turn(arrivals, limit: slots + max(1, slots / 4))
    if !decision.isEmpty {
      let isWritten = try client.perform {
        try $0.decide(
          sweep: sweep.id, legs: place.legs, taken: place.taken, decision, by: leadership)
      }
      guard isWritten else { return false }
      study.written(decision)
    }
    searches[sweep.id] = .learning(study)
    return !decision.isEmpty
  }

  private func endSilentClients() throws {
    let ended = try client.perform { try $0.endSilentClients(patience: settings.lease) }
    if ended > 0 {
      logger.warning(
        "ended \(ended) sessions that were silent for \(settings.lease) and held locks")
    }
  }

  private func reap(_ leadership: Leadership) throws {
    let (reaped, workers) = try client.perform {
      (try $0.reap(inTouch: lastTrouble.map { .now - $0 }, by: leadership), try $0.workers())
    }
    for lost in reaped {
      logger.warning(
        "taken back: \(lost.reason)",
        metadata: [
          "trial": "\(lost.lease.trial)", "attempt": "\(lost.lease.token)", "now": "\(lost.state)",
        ])
    }
    slots = workers.filter(\.isAlive).reduce(0) { $0 + $1.slots }
    window = max(settings.window, 4 * slots)
  }
}

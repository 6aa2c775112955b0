import Dispatch
import FoundationEssentials
import Glibc
public import Logging
public import Postgres
import Recurrent
import Store

/// The daemon that trains: claims trials, runs one on each slot, and gives them back when it stops.
///
/// It has two connections: one for work and one for the heartbeat.
public final class Worker {
  private let options: ConnectionOptions
  private let settings: WorkerSettings
  private let logger: Logger
  private let client: DatabaseClient
  private let slots: Slots
  private let data: PreparedDataCache
  private var watchdog: Watchdog?

  /// - Parameters:
  ///   - options: Where the database is.
  ///   - settings: How to run.
  ///   - logger: Tells what happens.
  public init(_ options: ConnectionOptions, _ settings: WorkerSettings, logger: Logger) {
    self.options = options
    self.settings = settings
    self.logger = logger
    var impatient = options
    // What has not come by then was lost on the way; no answer of the database takes as long.
    impatient.callTimeout = max(settings.lease * 2, .seconds(10))
    client = DatabaseClient(impatient, name: "work", logger: logger)
    slots = Slots(count: settings.slots)
    data = PreparedDataCache(DatasetCache())
  }

  /// Works until `shutdown` is requested; then running trials stop within a batch, or after the
  /// evaluation that is under way, and go back with a checkpoint.
  ///
  /// - Throws: `StoreError` when the database refuses for good: no such database, no right to it,
  ///   or one of another version. `StalledError` when the thread of a trial hangs: the process must
  ///   end, and another one may be started.
  public func run(until shutdown: Shutdown) throws {
    defer { client.close() }
    let watchdog = Watchdog(
      running, limit: settings.progressTimeout, client, shutdown: shutdown, logger: logger)
    defer { watchdog.stop() }
    self.watchdog = watchdog
    try work(until: shutdown)
    if let stalled = watchdog.firstStalled {
      throw StalledError(trial: stalled.trial, limit: settings.progressTimeout)
    }
  }

  private func work(until shutdown: Shutdown) throws {
    shutdown.whenRequested { [slots] in slots.change.signal() }
    while !shutdown.isRequested {
      guard let incarnation = try register(shutdown) else { return }
      do {
        try serve(incarnation, shutdown)
      } catch {
        shutdown.request()
        throw error
      }
    }
  }

  /// Enters a new identity; nil when the worker is to stop before the database answers.
  private func register(_ shutdown: Shutdown) throws -> Incarnation? {
    do {
      return try client.persist(while: { !shutdown.isRequested }) { database in
        try database.checkVersion()
        // A new identity for each try: one that was entered although its answer was lost dies of
        // silence.
        let sent = ContinuousClock.now
        let registration = WorkerRegistration(
          host: ProcessInfo.processInfo.hostName, pid: Int(getpid()), slots: settings.slots,
          queue: settings.queue, version: settings.version, kernels: KernelPath.current,
          ttl: settings.lease)
        try database.register(registration)
        logger.info(
          "working",
          metadata: [
            "worker": "\(registration.id)", "slots": "\(settings.slots)",
            "queue": "\(settings.queue)", "kernels": "\(registration.kernels)",
          ])
        return Incarnation(id: registration.id, lease: settings.lease, registered: sent)
      }
    } catch let error as StoreError where error.isRetryable && shutdown.isRequested {
      return nil
    }
  }

  /// Claims and trains under one identity until it is lost or the worker is to stop.
  private func serve(_ incarnation: Incarnation, _ shutdown: Shutdown) throws {
    let heartbeat = Heartbeat(incarnation, options, lease: settings.lease, logger: logger)
    let context = TrialContext(
      incarnation: incarnation, client: client, shutdown: shutdown, running: running, data: data,
      recording: DispatchQueue(label: "unroll.recorder"), settings: settings, logger: logger)
    defer {
      // Nobody knows when a thread that hangs will end.
      if context.shutdown.isRequested && watchdog?.firstStalled != nil {
        slots.wait(atMost: settings.patience)
      } else {
        slots.wait()
      }
      if !incarnation.isLost { leave(incarnation) }
      heartbeat.stop()
    }
    do {
      try claim(context)
    } catch {
      // Running trials are given back before the worker ends.
      shutdown.request()
      throw error
    }
  }

  private func claim(_ context: TrialContext) throws {
    var pause = PollPause()
    var backoff = Backoff()
    var nextLook = ContinuousClock.now + settings.lease
    func isActive() -> Bool { !context.shutdown.isRequested && !context.incarnation.isLost }
    while isActive() {
      do {
        if ContinuousClock.now >= nextLook {
          try giveBackStrays(context.incarnation)
          nextLook = .now + settings.lease
        }
        let free = slots.freeCount
        guard free > 0 else {
          _ = slots.change.wait(timeout: .now() + .milliseconds(500))
          continue
        }
        let claims = try client.perform {
          try $0.claim(worker: context.incarnation.id, queue: settings.queue, count: free)
        }
        backoff = Backoff()
        for claim in claims {
          running.insert(claim.lease)
          slots.start { [running] _ in
            TrialRun(claim, context).run()
            running.remove(claim.lease)
          }
        }
        if claims.isEmpty {
          if slots.change.wait(timeout: .now() + pause.next()) == .success { pause = PollPause() }
        } else {
          pause = PollPause()
        }
      } catch let error as StoreError where error.isRetryable {
        // What was granted with the lost answer is held by this worker, alive, and runs nowhere. If it
        // is granted only now, the look after this one finds it.
        nextLook = .now
        backoff.pause(while: isActive)
      }
    }
  }

  private let running = RunningLeases()

  /// Gives back what the database says this worker holds and does not run. Called by the claiming
  /// thread only, so that nothing is granted meanwhile.
  private func giveBackStrays(_ incarnation: Incarnation) throws {
    let strays = try client.perform { database in
      // Read what runs after what is held: a trial that ends in between is held no more.
      let held = try database.leases(worker: incarnation.id)
      return held.filter { !running.contains($0) }
    }
    for lease in strays {
      logger.notice("given back: granted and never told", metadata: ["trial": "\(lease.trial)"])
      do {
        _ = try client.perform { try $0.release(lease, cpuSeconds: 0) }
      } catch let error as StoreError where error.code == .leaseLost {
        continue
      }
    }
  }

  private func leave(_ incarnation: Incarnation) {
    do {
      try giveBackStrays(incarnation)
      _ = try client.perform { try $0.deregister(worker: incarnation.id) }
      logger.info("stopped")
    } catch {
      logger.warning("stopped without a word to the database: \(error)")
    }
  }
}

/// How long to wait before asking for trials again when there were none: short at first, then up to
/// a second, each drawn anew, so that a fleet of idle workers asks a thousand times a second at most
/// and not in step.
private struct PollPause {
  private var longest = 0.02

  mutating func next() -> DispatchTimeInterval {
    defer { longest = min(longest * 1.5, 1) }
    return .nanoseconds(Int(Double.random(in: longest / 2...longest) * 1e9))
  }
}

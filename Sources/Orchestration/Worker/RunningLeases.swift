import Store

/// What a worker is training just now, and when each trial last took a step: a batch of training or
/// of evaluation, or a part of making data ready.
final class RunningLeases: Sendable {
  /// The moment of the last step; nil while it waits for the database, which has its own time limits.
  private let leases = Locked<[Lease: ContinuousClock.Instant?]>([:])

  func insert(_ lease: Lease) { leases.withLock { $0[lease] = .some(.now) } }
  func remove(_ lease: Lease) { leases.withLock { _ = $0.removeValue(forKey: lease) } }
  func contains(_ lease: Lease) -> Bool { leases.withLock { $0[lease] != nil } }

  /// The trial took a step.
  func advanced(_ lease: Lease) {
    leases.withLock { if $0[lease] != nil { $0[lease] = .some(.now) } }
  }

  /// The trial waits for the database, and is not watched until its next step.
  func waits(_ lease: Lease) {
    leases.withLock { if $0[lease] != nil { $0[lease] = .some(nil) } }
  }

  /// The trials whose last step is longer ago than `limit`; each is told once.
  func takeStalled(longerThan limit: Duration, at now: ContinuousClock.Instant) -> [Lease] {
    leases.withLock { leases in
      let stalled = leases.compactMap { lease, step in
        step.flatMap { now - $0 > limit ? lease : nil }
      }
      for lease in stalled { leases[lease] = .some(nil) }
      return stalled
    }
  }
}

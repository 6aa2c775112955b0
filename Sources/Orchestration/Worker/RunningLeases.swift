import Store

/// What a worker is training just now.
final class RunningLeases: Sendable {
  private let leases = Locked<Set<Lease>>([])

  func insert(_ lease: Lease) { leases.withLock { _ = $0.insert(lease) } }
  func remove(_ lease: Lease) { leases.withLock { _ = $0.remove(lease) } }
  func contains(_ lease: Lease) -> Bool { leases.withLock { $0.contains(lease) } }
}

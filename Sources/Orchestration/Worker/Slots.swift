import Dispatch

/// The threads on which a worker trains: one trial at a time on each.
final class Slots: Sendable {
  private let queues: [DispatchQueue]
  private let free: Locked<[Int]>
  private let running = DispatchGroup()
  /// Signalled when a slot becomes free, and by whoever wants the claiming thread to look around.
  let change = DispatchSemaphore(value: 0)

  init(count: Int) {
    queues = (0..<count).map { DispatchQueue(label: "unroll.slot.\($0)") }
    free = Locked(Array((0..<count).reversed()))
  }

  var freeCount: Int { free.withLock { $0.count } }

  /// Runs `body` on a free slot.
  ///
  /// - Precondition: There is one.
  func start(_ body: @escaping @Sendable (_ slot: Int) -> Void) {
    guard let slot = free.withLock({ $0.popLast() }) else {
      preconditionFailure("more trials than slots")
    }
    queues[slot].async(group: running) { [self] in
      body(slot)
      free.withLock { $0.append(slot) }
      change.signal()
    }
  }

  /// Waits until all are free, for so long at most if it is said.
  func wait(atMost limit: Duration? = nil) {
    if let limit { _ = running.wait(timeout: .now() + limit.interval) } else { running.wait() }
  }
}

import Glibc

/// A value behind a lock.
///
/// What `Mutex` of Synchronization does, with a lock that the thread sanitizer knows: of a contended
/// `Mutex` it does not see how it orders its users, and reports races that are none.
final class Locked<Value>: @unchecked Sendable {
  // @unchecked Sendable: 'value' is touched only under 'mutex'.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    let code = pthread_mutex_init(mutex, nil)
    precondition(code == 0, "no mutex: \(code)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Calls `body` with the value, which nobody else sees meanwhile.
  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}

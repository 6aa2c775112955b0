import Glibc

/// The moment at which a call gives up; nil waits for ever.
struct Deadline {
  private let instant: ContinuousClock.Instant?

  init(after duration: Duration?) {
    instant = duration.map { ContinuousClock.now.advanced(by: $0) }
  }

  /// What `poll` takes: milliseconds rounded up, -1 for ever, nil when the moment has passed.
  var milliseconds: Int32? {
    guard let instant else { return -1 }
    let left = ContinuousClock.now.duration(to: instant)
    guard left > .zero else { return nil }
    let milliseconds = (left / .milliseconds(1)).rounded(.up)
    return Int32(min(milliseconds, Double(Int32.max / 2)))
  }
}

/// What a socket is waited for.
struct Readiness: OptionSet {
  let rawValue: Int16
  static let read = Readiness(rawValue: Int16(POLLIN))
  static let write = Readiness(rawValue: Int16(POLLOUT))

  /// Waits until the socket is ready for one of these; an empty answer means that time is up.
  ///
  /// A socket in error counts as readable, so that the next read says what is wrong.
  func wait(on socket: Int32, until deadline: Deadline) throws -> Readiness {
    while true {
      guard let milliseconds = deadline.milliseconds else { return [] }
      var descriptor = pollfd(fd: socket, events: rawValue, revents: 0)
      let count = poll(&descriptor, 1, milliseconds)
      if count > 0 {
        let failed = descriptor.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        return Readiness(rawValue: descriptor.revents).union(failed ? .read : [])
      }
      if count < 0, errno != EINTR {
        throw PostgresError(.connectionLost, "poll: \(String(cString: strerror(errno)))")
      }
    }
  }
}

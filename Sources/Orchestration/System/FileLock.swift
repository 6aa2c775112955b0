import Glibc

/// An advisory lock on a file. The kernel gives it back when the process ends, however it ends.
struct FileLock: ~Copyable {
  enum Mode {
    case shared
    case exclusive
  }

  private let descriptor: Int32

  /// Opens the file, which is created when it is missing, and locks nothing yet.
  init(path: String) throws(SystemError) {
    // O_CLOEXEC: a server that is started while the lock is held must not inherit it.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .call("cannot open \(path)") }
  }

  /// Waits for the lock.
  func lock(_ mode: Mode) {
    while flock(descriptor, mode == .shared ? LOCK_SH : LOCK_EX) == -1 && errno == EINTR {}
  }

  /// Takes the lock if nobody else is in the way.
  func tryLock(_ mode: Mode) -> Bool {
    flock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0
  }

  func unlock() {
    flock(descriptor, LOCK_UN)
  }

  deinit {
    close(descriptor)
  }
}

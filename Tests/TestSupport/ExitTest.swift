import Glibc
public import Testing

extension ExitTest.Result? {
  /// Whether the exit test ended in a failed precondition, and not in an error or a failed exit.
  public var hasTrapped: Bool {
    guard case .signal(let signal) = self?.exitStatus else { return false }
    return [SIGILL, SIGTRAP, SIGABRT].contains(signal)
  }
}

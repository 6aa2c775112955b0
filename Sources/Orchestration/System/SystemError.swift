import Glibc

/// Something outside the program is missing or refuses; the description is one line that says what
/// to do about it.
public struct SystemError: Error, CustomStringConvertible, Sendable {
  /// The line.
  public let description: String

  /// An error with its one line.
  public init(_ description: String) {
    self.description = description
  }

  /// The failure of a system call, from `errno`.
  static func call(_ what: String, code: Int32 = errno) -> SystemError {
    SystemError("\(what): \(String(cString: strerror(code)))")
  }
}

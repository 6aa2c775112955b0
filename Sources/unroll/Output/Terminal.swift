import Glibc
import Pictures

/// What is known of the terminal that standard output leads to.
enum Terminal {
  /// Whether a person is looking.
  static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

  /// The width in columns, or nil when the output goes to a file or a pipe.
  static var width: Int? {
    if let value = getenv("COLUMNS"), let columns = Int(String(cString: value)), columns > 0 {
      return columns
    }
    guard isInteractive else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// A text from data, such as a label, as a person can be shown it: what would move the cursor or
  /// begin a command of the terminal is written as `\n` or `\u{1b}`.
  static func readable(_ text: String) -> String { TerminalText.readable(text) }

  /// Writes a line to standard error.
  static func complain(_ line: String) {
    _ = (line + "\n").withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  }

  /// Writes bytes as they are to standard output.
  static func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count == -1 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Writes without a new line, at once.
  static func write(_ text: String) {
    print(text, terminator: "")
    fflush(nil)
  }
}

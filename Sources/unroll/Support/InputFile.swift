import Glibc
import Orchestration

/// A file that a verb was given, or - for what is piped into the command.
enum InputFile {
  /// All of it; a pipe and `<(…)` are files too.
  ///
  /// - Throws: `SystemError` that says why it cannot be read.
  static func bytes(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refusal(path) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == -1 && errno == EINTR { continue }
      guard count >= 0 else { throw refusal(path) }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }

  private static func refusal(_ path: String) -> SystemError {
    SystemError("\(path): \(String(cString: strerror(errno)))")
  }
}

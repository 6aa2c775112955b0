import Glibc
import Orchestration
import Training

/// A file that a verb was given, or - for what is piped into the command.
struct InputFile {
  private let path: String
  private let descriptor: Int32

  /// Opens a file to read it piece by piece; a pipe and `<(…)` are files too.
  ///
  /// - Throws: `SystemError` that says why it cannot be read.
  static func open(_ path: String) throws(SystemError) -> InputFile {
    guard let file = opened(path) else { throw refusal(path) }
    return file
  }

  /// Opens a file that becomes a dataset, as ``open(_:)`` does.
  ///
  /// - Throws: `ImportError` that says why it cannot be read.
  static func source(_ path: String) throws(ImportError) -> InputFile {
    guard let file = opened(path) else {
      throw .unreadable(path, String(cString: strerror(errno)))
    }
    return file
  }

  /// Nil, and `errno`, if there is no such file.
  private static func opened(_ path: String) -> InputFile? {
    let descriptor = path == "-" ? STDIN_FILENO : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    return descriptor < 0 ? nil : InputFile(path: path, descriptor: descriptor)
  }

  /// The next bytes; none at the end.
  ///
  /// - Throws: `SystemError` that says why it cannot be read.
  func read() throws(SystemError) -> [UInt8] {
    while true {
      var errorNumber: Int32 = 0
      let buffer = [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
        let found = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        errorNumber = found < 0 ? errno : 0
        count = max(found, 0)
      }
      if errorNumber == EINTR { continue }
      guard errorNumber == 0 else {
        errno = errorNumber
        throw Self.refusal(path)
      }
      return buffer
    }
  }

  func close() {
    if descriptor != STDIN_FILENO { Glibc.close(descriptor) }
  }

  /// All of a file.
  ///
  /// - Throws: `SystemError` that says why it cannot be read.
  static func bytes(_ path: String) throws(SystemError) -> [UInt8] {
    let file = try open(path)
    defer { file.close() }
    var bytes: [UInt8] = []
    while true {
      let more = try file.read()
      guard !more.isEmpty else { return bytes }
      bytes += more
    }
  }

  private static func refusal(_ path: String) -> SystemError {
    SystemError("\(path): \(String(cString: strerror(errno)))")
  }
}

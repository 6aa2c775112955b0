import ArgumentParser
import FoundationEssentials
import Glibc
import Orchestration

/// A file that a verb writes, or - for the standard output. It is written beside its name and renamed
/// when it is whole, so that nobody ever sees half of it.
final class OutputFile {
  private let path: String
  private let partial: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private(set) var count = 0

  private static let chunk = 1 << 18

  /// - Parameters:
  ///   - path: Where to.
  ///   - force: Whether a file that is there may be replaced.
  /// - Throws: `SystemError` that says why it cannot be written.
  init(_ path: String, force: Bool) throws(SystemError) {
    self.path = path
    partial = "\(path).partial-\(getpid())"
    guard path != "-" else {
      descriptor = STDOUT_FILENO
      return
    }
    try Self.refuseExisting(path, force: force)
    descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.refusal(path) }
  }

  deinit {
    guard path != "-", descriptor >= 0 else { return }
    close(descriptor)
    unlink(partial)
  }

  /// Refuses to replace a file unless told to.
  static func refuseExisting(_ path: String, force: Bool) throws(SystemError) {
    guard !force, FileManager.default.fileExists(atPath: path) else { return }
    throw SystemError("\(path) is there already; --force overwrites it")
  }

  /// Writes a whole file.
  static func write(_ bytes: [UInt8], to path: String, force: Bool) throws {
    let file = try OutputFile(path, force: force)
    try file.write(bytes)
    try file.finish()
  }

  /// Writes a whole file in place of one that may be there; an error names the option that named it.
  static func write(_ bytes: [UInt8], to path: String, option: String) throws {
    do {
      try write(bytes, to: path, force: true)
    } catch let error as SystemError {
      throw ValidationError("\(option): \(error.description)")
    }
  }

  func write(_ bytes: [UInt8]) throws {
    buffer += bytes
    if buffer.count >= Self.chunk { try flush() }
  }

  func write(_ text: String) throws {
    buffer += text.utf8
    if buffer.count >= Self.chunk { try flush() }
  }

  /// Gives the file its name.
  func finish() throws {
    try flush()
    guard path != "-" else { return }
    guard close(descriptor) == 0, rename(partial, path) == 0 else {
      let error = Self.refusal(path)
      unlink(partial)
      descriptor = -1
      throw error
    }
    descriptor = -1
  }

  private func flush() throws {
    var rest = buffer[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written == -1 && errno == EINTR { continue }
      guard written > 0 else {
        // A reader that has seen enough (`… | head`) is no error, but there is nobody left to write to.
        if path == "-", errno == EPIPE { throw ExitCode.success }
        throw Self.refusal(path)
      }
      count += written
      rest = rest.dropFirst(written)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private static func refusal(_ path: String) -> SystemError {
    SystemError("\(path): \(String(cString: strerror(errno)))")
  }
}

import ArgumentParser
import FoundationEssentials
import Glibc
import Orchestration

/// A file that a verb writes, or - for the standard output. It is written beside its name and renamed
/// when it is whole, so that nobody ever sees half of it. Where there is nothing to replace, such as a
/// pipe or /dev/null, it is written as it comes; where a link leads, what it leads to is replaced.
final class OutputFile {
  /// A file that is there under another name until it is whole.
  private struct Replacement {
    let path: String
    var partial: String { "\(path).partial-\(getpid())" }
  }

  private let path: String
  private let replacement: Replacement?
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
    guard path != "-" else {
      self.replacement = nil
      descriptor = STDOUT_FILENO
      return
    }
    try Self.refuseExisting(path, force: force)
    let replacement = Self.replaced(path).map { Replacement(path: $0) }
    self.replacement = replacement
    descriptor =
      if let replacement {
        open(replacement.partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      } else {
        Self.opened(path)
      }
    guard descriptor >= 0 else { throw Self.refusal(path) }
  }

  deinit {
    guard path != "-", descriptor >= 0 else { return }
    close(descriptor)
    if let replacement { unlink(replacement.partial) }
  }

  /// Refuses to replace a file unless told to.
  static func refuseExisting(_ path: String, force: Bool) throws(SystemError) {
    guard !force, FileManager.default.fileExists(atPath: path), replaced(path) != nil else {
      return
    }
    throw SystemError("\(path) is there already; --force overwrites it")
  }

  /// The file that is replaced, or comes to be, at the end of all links; nil: something else is there.
  private static func replaced(_ path: String) -> String? {
    var (target, status, process) = (path, stat(), stat())
    let knowsProcess = lstat("/proc/self", &process) == 0
    // As many links as Linux follows.
    for _ in 0..<40 {
      guard lstat(target, &status) == 0 else { return target }
      guard status.st_mode & S_IFMT == S_IFLNK else {
        return status.st_mode & S_IFMT == S_IFREG ? target : nil
      }
      // A link in /proc, where /dev/stdout leads, is what a process has open, and no name to take over.
      if knowsProcess, status.st_dev == process.st_dev { return nil }
      guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: target) else {
        return nil
      }
      let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
      target = next.hasPrefix("/") ? next : folder + next
    }
    return nil
  }

  /// Opens what is not replaced.
  private static func opened(_ path: String) -> Int32 {
    var (target, output) = (stat(), stat())
    // The standard output opened again would begin at its start and overwrite what is printed.
    if stat(path, &target) == 0, fstat(STDOUT_FILENO, &output) == 0,
      target.st_dev == output.st_dev, target.st_ino == output.st_ino
    {
      return dup(STDOUT_FILENO)
    }
    return open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
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
    let isClosed = close(descriptor) == 0
    descriptor = -1
    guard let replacement else {
      guard isClosed else { throw Self.refusal(path) }
      return
    }
    guard isClosed, rename(replacement.partial, replacement.path) == 0 else {
      let error = Self.refusal(path)
      unlink(replacement.partial)
      throw error
    }
  }

  private func flush() throws {
    var rest = buffer[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written == -1 && errno == EINTR { continue }
      guard written > 0 else {
        // A reader that has seen enough (`… | head`) is no error, but there is nobody left to write to.
        if replacement == nil, errno == EPIPE { throw ExitCode.success }
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

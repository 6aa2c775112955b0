import ArgumentParser
import Glibc

/// A file that a verb writes, or - for standard output.
enum OutputFile {
  /// Writes all of it; what was there before is gone.
  ///
  /// - Parameters:
  ///   - bytes: What.
  ///   - path: Where.
  ///   - option: Which option named it, for the error.
  /// - Throws: `ValidationError` with the option, the path and the reason.
  static func write(_ bytes: [UInt8], to path: String, option: String) throws {
    if path == "-" { return Terminal.write(bytes) }
    func refusal() -> ValidationError {
      ValidationError("\(option): \(path): \(String(cString: strerror(errno)))")
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw refusal() }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count == -1 && errno == EINTR { continue }
      guard count > 0 else {
        let refusal = refusal()
        close(descriptor)
        throw refusal
      }
      rest = rest.dropFirst(count)
    }
    guard close(descriptor) == 0 else { throw refusal() }
  }
}

internal import FoundationEssentials
internal import Glibc

/// A file that nobody else sees and that is gone with its last user.
final class ScratchFile {
  private let descriptor: Int32
  private let folder: String

  /// A file in the folder that TMPDIR names, or in the one for large files.
  init() throws(Failure) {
    folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    var path = Array("\(folder)/unroll-data-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw refusal() }
    unlink(path)
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws(Failure) {
    var written = 0
    while written < bytes.count {
      let result = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      guard result >= 0 || errno == EINTR else { throw refusal() }
      written += max(result, 0)
    }
  }

  /// What was written.
  func mapped(count: Int) throws(Failure) -> Data {
    let pointer = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let pointer, pointer != MAP_FAILED else { throw refusal() }
    return Data(bytesNoCopy: pointer, count: count, deallocator: .custom { munmap($0, $1) })
  }

  /// Memory to be written to, for which there is room in the file.
  func memory(count: Int) throws(Failure) -> UnsafeMutableRawPointer {
    errno = posix_fallocate(descriptor, 0, count)
    guard errno == 0 else { throw refusal() }
    let pointer = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let pointer, pointer != MAP_FAILED else { throw refusal() }
    return pointer
  }

  private func refusal() -> Failure {
    Failure(folder: folder, reason: String(cString: strerror(errno)).lowercased())
  }

  /// The folder has no room for a file, or does not let it be made.
  struct Failure: Error {
    let folder: String
    /// What the system says.
    let reason: String
  }
}

internal import FoundationEssentials
internal import Glibc

/// Bytes that come one after the other: in memory while they are few, else in a file without a name that
/// is mapped into memory in the end, so that a dataset may be larger than the memory is.
struct GrowingBytes {
  /// How many bytes are few.
  static let few = 32 << 20

  private let few: Int
  private var latest: [UInt8] = []
  private var file: ScratchFile?
  /// How many bytes there are.
  private(set) var count = 0

  init(few: Int = few) { self.few = few }

  /// Appends bytes.
  ///
  /// - Throws: ``ImportError`` if they are too many for the folder of scratch files.
  mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
    latest.append(contentsOf: bytes)
    count += bytes.count
    guard latest.count > few else { return }
    let file = if let file { file } else { try ScratchFile() }
    try file.write(latest)
    self.file = file
    latest.removeAll(keepingCapacity: true)
  }

  /// All bytes.
  consuming func finish() throws -> Data {
    guard let file else { return Data(latest) }
    try file.write(latest)
    return try file.mapped(count: count)
  }
}

/// A file that nobody else sees and that is gone with its last user.
private final class ScratchFile {
  private let descriptor: Int32
  private let folder: String

  /// A file in the folder that TMPDIR names, or in the one for large files.
  init() throws(ImportError) {
    folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    var path = Array("\(folder)/unroll-import-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw refusal() }
    unlink(path)
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws(ImportError) {
    var written = 0
    while written < bytes.count {
      let result = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      guard result >= 0 || errno == EINTR else { throw refusal() }
      written += max(result, 0)
    }
  }

  func mapped(count: Int) throws(ImportError) -> Data {
    let pointer = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let pointer, pointer != MAP_FAILED else { throw refusal() }
    return Data(bytesNoCopy: pointer, count: count, deallocator: .custom { munmap($0, $1) })
  }

  private func refusal() -> ImportError {
    ImportError(
      .unreadable, file: folder, found: String(cString: strerror(errno)).lowercased(),
      allowed: "room for a copy of the data, here or where TMPDIR says")
  }
}

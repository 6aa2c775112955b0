internal import FoundationEssentials

/// Bytes that come one after the other: in memory while they are few, else in a file without a name that
/// is mapped into memory in the end, so that a dataset may be larger than the memory is.
struct GrowingBytes {
  /// How many bytes are few.
  static let few = 8 << 20

  private let few: Int
  private var latest: [UInt8] = []
  private var file: ScratchFile?
  /// How many bytes there are.
  private(set) var count = 0

  init(few: Int = few) { self.few = few }

  /// Appends bytes.
  ///
  /// - Throws: ``ImportError`` if they are too many for the folder of scratch files.
  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(ImportError) {
    latest.append(contentsOf: bytes)
    count += bytes.count
    guard latest.count > few else { return }
    do throws(ScratchFile.Failure) {
      let file = if let file { file } else { try ScratchFile() }
      try file.write(latest)
      self.file = file
    } catch {
      throw ImportError(error)
    }
    latest.removeAll(keepingCapacity: true)
  }

  /// All bytes.
  ///
  /// - Throws: As ``append(_:)`` does.
  consuming func finish() throws(ImportError) -> Data {
    guard let file else { return Data(latest) }
    do throws(ScratchFile.Failure) {
      try file.write(latest)
      return try file.mapped(count: count)
    } catch {
      throw ImportError(error)
    }
  }
}

extension ImportError {
  fileprivate init(_ failure: ScratchFile.Failure) {
    self.init(
      .unreadable, file: failure.folder, found: failure.reason,
      allowed: "room for a copy of the data, here or where TMPDIR says")
  }
}

internal import CZlib

/// Unpacks a gzip file while it is read, and checks it against its checksum.
final class Gzip {
  /// How a gzip file begins.
  static let magic: [UInt8] = [0x1F, 0x8B]

  private let packed: ByteSource
  private let file: String
  private let stream: UnsafeMutablePointer<z_stream>
  /// What was read and not yet unpacked.
  private var input: ArraySlice<UInt8> = []
  private var status = Z_OK

  /// Unpacks the bytes of a file, which messages call `file`.
  init(_ packed: ByteSource, file: String) throws(ImportError) {
    (self.packed, self.file) = (packed, file)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard unroll_inflate_gzip_init(stream) == Z_OK else {
      throw error("no memory to unpack", "enough memory")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The next bytes of the content; none at the end.
  func next() throws -> [UInt8] {
    while true {
      if input.isEmpty { input = try packed.next()[...] }
      // A file may hold several packed parts, one after the other.
      if status == Z_STREAM_END, !input.isEmpty { status = inflateReset(stream) }
      if status == Z_STREAM_END { return [] }
      guard status == Z_OK, !input.isEmpty else {
        throw error("a gzip file that cannot be unpacked", "a whole, undamaged file")
      }
      let content = inflateSome()
      if !content.isEmpty { return content }
    }
  }

  private func inflateSome() -> [UInt8] {
    var used = 0
    let content = [UInt8](unsafeUninitializedCapacity: 1 << 18) { output, count in
      input.withUnsafeMutableBufferPointer { input in
        stream.pointee.next_in = input.baseAddress
        stream.pointee.avail_in = UInt32(clamping: input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        status = inflate(stream, Z_NO_FLUSH)
        used = Int(UInt32(clamping: input.count) - stream.pointee.avail_in)
        count = output.count - Int(stream.pointee.avail_out)
      }
    }
    input = input.dropFirst(used)
    return content
  }

  private func error(_ found: String, _ allowed: String) -> ImportError {
    ImportError(.badArchive, file: file, found: found, allowed: allowed)
  }
}

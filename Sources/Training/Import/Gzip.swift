internal import CZlib

/// Unpacks gzip files.
enum Gzip {
  /// The most bytes that are unpacked: a file of zeros shrinks a thousandfold.
  private static let most = 1 << 32

  /// Whether bytes begin as a gzip file does.
  static func isPacked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// The content of a gzip file, which messages call `file`, checked against its checksum.
  static func content(of bytes: [UInt8], file: String) throws(ImportError) -> [UInt8] {
    func error(_ found: String, _ allowed: String) -> ImportError {
      ImportError(.badArchive, file: file, found: found, allowed: allowed)
    }
    var stream = z_stream()
    guard unroll_inflate_gzip_init(&stream) == Z_OK else {
      throw error("no memory to unpack", "enough memory")
    }
    defer { inflateEnd(&stream) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var position = 0
    var status = Z_OK
    while status == Z_OK {
      var packed = Array(bytes[position..<min(position + 1 << 18, bytes.count)])
      let offered = UInt32(packed.count)
      var count = 0
      packed.withUnsafeMutableBufferPointer { input in
        piece.withUnsafeMutableBufferPointer { output in
          stream.next_in = input.baseAddress
          stream.avail_in = offered
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          status = inflate(&stream, Z_NO_FLUSH)
          count = output.count - Int(stream.avail_out)
        }
      }
      position += Int(offered - stream.avail_in)
      content += piece[..<count]
      guard content.count <= Self.most else {
        throw error("more than \(Self.most) bytes, unpacked", "a smaller file")
      }
      // A file may hold several packed parts, one after the other.
      if status == Z_STREAM_END, position < bytes.count { status = inflateReset(&stream) }
    }
    guard status == Z_STREAM_END else {
      throw error("a gzip file that cannot be unpacked", "a whole, undamaged file")
    }
    return content
  }
}

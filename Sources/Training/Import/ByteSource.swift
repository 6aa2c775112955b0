/// What is in files that may be packed.
public enum PackedFile {
  /// The content of a file that is read piece by piece: unpacked, if it is a gzip file.
  ///
  /// - Parameters:
  ///   - read: Gives the next bytes of the file, none at its end.
  ///   - file: What messages call the file.
  /// - Returns: What gives the next bytes of the content, none at its end. Throws ``ImportError`` where a
  ///   packed file is damaged.
  /// - Throws: What reading throws.
  public static func content(
    _ read: @escaping () throws -> [UInt8], file: String
  ) throws -> () throws -> [UInt8] {
    let source = try ByteSource(read).unpacked(file: file)
    return { try source.next() }
  }
}

/// The bytes of a file, piece by piece.
struct ByteSource {
  private let read: () throws -> [UInt8]

  /// Bytes that `read` gives, none at the end.
  init(_ read: @escaping () throws -> [UInt8]) { self.read = read }

  /// Bytes that are all there.
  init(_ bytes: [UInt8]) {
    var rest: [UInt8]? = bytes
    read = {
      defer { rest = nil }
      return rest ?? []
    }
  }

  /// The next bytes; none at the end.
  func next() throws -> [UInt8] { try read() }

  /// All bytes from here on.
  func rest() throws -> [UInt8] {
    var bytes = try read()
    while true {
      let more = try read()
      guard !more.isEmpty else { return bytes }
      bytes += more
    }
  }

  /// The content of a file, which messages call `file`: unpacked, if it is a gzip file.
  func unpacked(file: String) throws -> ByteSource {
    var head = try read()
    while (1..<Gzip.magic.count).contains(head.count) {
      let more = try read()
      guard !more.isEmpty else { break }
      head += more
    }
    var first: [UInt8]? = head
    let whole = ByteSource {
      defer { first = nil }
      return try first ?? self.read()
    }
    guard head.starts(with: Gzip.magic) else { return whole }
    let unpacking = try Gzip(whole, file: file)
    return ByteSource { try unpacking.next() }
  }
}

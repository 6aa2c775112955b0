internal import CZlib

/// Reads single members of a zip file, which a wheel is. Nothing of it is ever run or unpacked to
/// disk.
package struct ZipArchive {
  private let bytes: [UInt8]
  private let file: String
  private var members: [(name: String, entry: Entry)] = []

  private struct Entry {
    let method: UInt16
    let checksum: UInt32
    let compressed: Int
    let size: Int
    let offset: Int
  }

  /// Reads the central directory.
  package init(_ bytes: [UInt8], file: String) throws(ImportError) {
    self.bytes = bytes
    self.file = file
    // The end record is the last thing in the file but for a remark of at most 65,535 bytes.
    let earliest = max(0, bytes.count - 22 - 65_535)
    var end = bytes.count - 22
    while end >= earliest, uint32(end) != 0x0605_4B50 { end -= 1 }
    guard end >= earliest, let count = uint16(end + 10), let start = uint32(end + 16) else {
      throw error("no end record of a zip file", "a wheel or zip file")
    }
    var position = Int(start)
    for _ in 0..<count {
      guard uint32(position) == 0x0201_4B50, let method = uint16(position + 10),
        let checksum = uint32(position + 16), let compressed = uint32(position + 20),
        let size = uint32(position + 24), let nameLength = uint16(position + 28),
        let extraLength = uint16(position + 30), let remarkLength = uint16(position + 32),
        let offset = uint32(position + 42), position + 46 + Int(nameLength) <= bytes.count
      else { throw error("a broken central directory", "a whole wheel or zip file") }
      let name = String(
        decoding: bytes[position + 46..<position + 46 + Int(nameLength)], as: UTF8.self)
      members.append(
        (
          name,
          Entry(
            method: method, checksum: checksum, compressed: Int(compressed), size: Int(size),
            offset: Int(offset))
        ))
      position += 46 + Int(nameLength) + Int(extraLength) + Int(remarkLength)
    }
  }

  /// The content of a member, checked against its checksum.
  package func content(of name: String) throws(ImportError) -> [UInt8] {
    guard let entry = members.first(where: { $0.name == name })?.entry else {
      throw ImportError(
        .badArchive, file: file, field: name, found: "no member of that name",
        allowed: name.nearest(in: members.map(\.name)).prefix(8).joined(separator: ", "))
    }
    // The local header repeats name and extra field, the latter with a length of its own.
    guard uint32(entry.offset) == 0x0403_4B50, let nameLength = uint16(entry.offset + 26),
      let extraLength = uint16(entry.offset + 28)
    else { throw error("a member without its header", "a whole wheel or zip file") }
    let start = entry.offset + 30 + Int(nameLength) + Int(extraLength)
    guard entry.compressed <= bytes.count - start else {
      throw error("a member that goes on after the end", "a whole wheel or zip file")
    }
    let packed = bytes[start..<start + entry.compressed]
    let content: [UInt8]
    switch entry.method {
    case 0: content = Array(packed)
    case 8: content = try inflate(packed, size: entry.size)
    default: throw error("compression method \(entry.method)", "stored or deflated members")
    }
    let checksum = content.withUnsafeBufferPointer {
      crc32(0, $0.baseAddress, UInt32($0.count))
    }
    guard content.count == entry.size, checksum == UInt(entry.checksum) else {
      throw error("a member that differs from its checksum", "an undamaged file")
    }
    return content
  }

  private func inflate(_ packed: ArraySlice<UInt8>, size: Int) throws(ImportError) -> [UInt8] {
    // Deflate cannot shrink anything more than 1,032 times: a larger size is damage, not data.
    guard size <= 1_040 * (packed.count + 1) else {
      throw error("a member of an impossible size", "an undamaged file")
    }
    var packed = Array(packed)
    var stream = z_stream()
    guard unroll_inflate_raw_init(&stream) == Z_OK else {
      throw error("no memory to unpack", "enough memory")
    }
    defer { inflateEnd(&stream) }
    var status = Z_OK
    let content = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      packed.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(size)
        status = CZlib.inflate(&stream, Z_FINISH)
      }
      count = size - Int(stream.avail_out)
    }
    guard status == Z_STREAM_END else {
      throw error("a member that cannot be unpacked", "an undamaged file")
    }
    return content
  }

  private func uint16(_ position: Int) -> UInt16? {
    guard position >= 0, position + 2 <= bytes.count else { return nil }
    return UInt16(bytes[position]) | UInt16(bytes[position + 1]) << 8
  }

  private func uint32(_ position: Int) -> UInt32? {
    guard let low = uint16(position), let high = uint16(position + 2) else { return nil }
    return UInt32(low) | UInt32(high) << 16
  }

  private func error(_ found: String, _ allowed: String) -> ImportError {
    ImportError(.badArchive, file: file, found: found, allowed: allowed)
  }
}

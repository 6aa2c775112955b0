/// Appends numbers to a byte buffer, little-endian.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends a column. The memory of a little-endian machine already has the right bytes.
  mutating func append(_ column: [Int32]) {
    #if _endian(little)
      column.withUnsafeBytes { bytes.append(contentsOf: $0) }
    #else
      for value in column { append(value) }
    #endif
  }

  mutating func append(_ column: [Float]) {
    #if _endian(little)
      column.withUnsafeBytes { bytes.append(contentsOf: $0) }
    #else
      for value in column { append(value.bitPattern) }
    #endif
  }
}

/// Takes numbers off a byte buffer, little-endian; nil where the bytes have ended.
struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var remaining: Int { bytes.endIndex - position }

  mutating func read(count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= remaining else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    guard let raw = read(count: MemoryLayout<Value>.size) else { return nil }
    return raw.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
  }

  mutating func readIntegers(_ count: Int) -> [Int32]? {
    let (size, overflow) = count.multipliedReportingOverflow(by: 4)
    guard !overflow, let raw = read(count: size) else { return nil }
    return [Int32](unsafeUninitializedCapacity: count) { column, initialized in
      raw.withUnsafeBytes { raw in
        for index in 0..<count {
          column.initializeElement(
            at: index,
            to: Int32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)))
        }
      }
      initialized = count
    }
  }

  mutating func readFloats(_ count: Int) -> [Float]? {
    readIntegers(count)?.map { Float(bitPattern: UInt32(bitPattern: $0)) }
  }
}

extension Collection<UInt8> {
  /// The bytes in lower-case hexadecimal digits.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * count)
    for byte in self {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

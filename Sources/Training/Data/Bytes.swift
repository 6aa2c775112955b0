/// Takes bytes one piece after the other: a buffer, or a digest that keeps none of them.
protocol ByteSink {
  /// Takes the next bytes, which are valid during the call.
  mutating func take(_ bytes: UnsafeRawBufferPointer)
}

extension ByteSink {
  mutating func append(_ raw: some Sequence<UInt8>) {
    let taken: Void? = raw.withContiguousStorageIfAvailable { take(UnsafeRawBufferPointer($0)) }
    if taken == nil { Array(raw).withUnsafeBytes { take($0) } }
  }

  /// Appends a number, little-endian.
  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { take($0) }
  }

  /// Appends a column. The memory of a little-endian machine already has the right bytes.
  mutating func append(_ column: [Int32]) { append(integers: column) }

  mutating func append(_ column: [Int64]) { append(integers: column) }

  mutating func append(_ column: [Float]) {
    #if _endian(little)
      column.withUnsafeBytes { take($0) }
    #else
      for value in column { append(value.bitPattern) }
    #endif
  }

  private mutating func append(integers column: [some FixedWidthInteger]) {
    #if _endian(little)
      column.withUnsafeBytes { take($0) }
    #else
      for value in column { append(value) }
    #endif
  }
}

/// Appends numbers to a byte buffer, little-endian.
struct ByteWriter: ByteSink {
  private(set) var bytes: [UInt8] = []

  mutating func take(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}

/// Counts bytes and keeps none.
struct ByteCounter: ByteSink {
  private(set) var count = 0

  mutating func take(_ more: UnsafeRawBufferPointer) { count += more.count }
}

/// Cuts bytes into pieces of one size and gives them away as soon as they are full.
struct BytePieces: ByteSink {
  let size: Int
  let give: ([UInt8]) throws -> Void
  private var piece: [UInt8] = []
  /// What the first piece met that could not be given away; no other is tried.
  private var failure: (any Error)?

  init(size: Int, give: @escaping ([UInt8]) throws -> Void) {
    precondition(size > 0, "pieces of no size")
    (self.size, self.give) = (size, give)
    piece.reserveCapacity(size)
  }

  mutating func take(_ more: UnsafeRawBufferPointer) {
    var rest = more[...]
    while failure == nil, !rest.isEmpty {
      let part = rest.prefix(size - piece.count)
      piece.append(contentsOf: part)
      rest = rest.dropFirst(part.count)
      if piece.count == size { hand() }
    }
  }

  /// Gives the last piece.
  mutating func finish() throws {
    if failure == nil, !piece.isEmpty { hand() }
    if let failure { throw failure }
  }

  private mutating func hand() {
    do { try give(piece) } catch { failure = error }
    piece.removeAll(keepingCapacity: true)
  }
}

/// Takes numbers off a byte buffer, little-endian; nil where the bytes have ended. What is read is a
/// part of the buffer, not a copy.
struct ByteReader<Bytes: Collection<UInt8>>
where Bytes.Index == Int, Bytes.SubSequence == Bytes {
  private let bytes: Bytes
  private var position: Int

  init(_ bytes: Bytes) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var remaining: Int { bytes.endIndex - position }

  mutating func read(count: Int) -> Bytes? {
    guard count >= 0, count <= remaining else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    readIntegers(1, type)?.first
  }

  mutating func readIntegers(_ count: Int) -> [Int32]? { readIntegers(count, Int32.self) }

  mutating func readIntegers<Value: FixedWidthInteger>(
    _ count: Int, _ type: Value.Type
  ) -> [Value]? {
    let width = MemoryLayout<Value>.size
    let (size, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, let raw = read(count: size) else { return nil }
    func numbers(_ raw: UnsafeRawBufferPointer) -> [Value] {
      [Value](unsafeUninitializedCapacity: count) { column, initialized in
        for index in 0..<count {
          column.initializeElement(
            at: index,
            to: Value(
              littleEndian: raw.loadUnaligned(fromByteOffset: index * width, as: Value.self)))
        }
        initialized = count
      }
    }
    return raw.withContiguousStorageIfAvailable { numbers(UnsafeRawBufferPointer($0)) }
      ?? Array(raw).withUnsafeBytes { numbers($0) }
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

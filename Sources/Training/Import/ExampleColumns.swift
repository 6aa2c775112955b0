internal import FoundationEssentials

/// The texts of examples while they are read.
struct TextColumn {
  private var bytes = GrowingBytes()
  private var lengths: [Int] = []

  var count: Int { lengths.count }

  mutating func append(_ text: String) throws {
    begin()
    var text = text
    try text.withUTF8 { try extend(UnsafeRawBufferPointer($0)) }
  }

  /// Begins an empty text.
  mutating func begin() { lengths.append(0) }

  /// Lengthens the last text by whole characters.
  mutating func extend(_ characters: UnsafeRawBufferPointer) throws {
    lengths[lengths.count - 1] += characters.count
    try bytes.append(characters)
  }

  consuming func finish() throws -> Texts {
    let lengths = lengths
    return Texts(of: try bytes.finish(), lengths: lengths)
  }
}

/// The values of examples while they are read.
struct ValueColumn<Number: BitwiseCopyable & Hashable & Sendable> {
  private var bytes = GrowingBytes()
  private var lengths: [Int] = []

  var count: Int { lengths.count }

  mutating func append(_ values: [Number]) throws {
    begin()
    try extend(values)
  }

  /// Begins an example without values.
  mutating func begin() { lengths.append(0) }

  /// Lengthens the last example.
  mutating func extend(_ values: [Number]) throws {
    lengths[lengths.count - 1] += values.count
    try values.withUnsafeBytes { try bytes.append($0) }
  }

  consuming func finish() throws -> NumberSequences<Number> {
    let lengths = lengths
    return NumberSequences(try bytes.finish(), lengths: lengths)
  }
}

/// Numbers of the rows of a file while they are read.
struct RowColumn<Number: BitwiseCopyable & Hashable & Sendable> {
  private var bytes = GrowingBytes()

  mutating func append(_ number: Number) throws {
    try withUnsafeBytes(of: number) { try bytes.append($0) }
  }

  consuming func finish() throws -> NumberSequences<Number> {
    let count = bytes.count / MemoryLayout<Number>.size
    return NumberSequences(try bytes.finish(), lengths: CollectionOfOne(count))
  }
}

internal import FoundationEssentials

/// The texts of examples while they are read.
struct TextColumn {
  private var bytes = GrowingBytes()
  private var lengths: [Int] = []

  var count: Int { lengths.count }

  mutating func append(_ text: String) throws {
    var text = text
    lengths.append(text.utf8.count)
    try text.withUTF8 { try bytes.append(UnsafeRawBufferPointer($0)) }
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
    lengths.append(values.count)
    try values.withUnsafeBytes { try bytes.append($0) }
  }

  consuming func finish() throws -> NumberSequences<Number> {
    let lengths = lengths
    return NumberSequences(try bytes.finish(), lengths: lengths)
  }
}

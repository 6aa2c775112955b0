internal import FoundationEssentials

/// Bytes that are no dataset that this version can read.
public struct DatasetDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with the bytes.
  public enum Code: Hashable, Sendable {
    /// They do not begin as a dataset does.
    case notADataset
    /// They were written by a newer program.
    case unsupportedVersion
    /// They end before the last example does, or go on after it.
    case wrongLength
    /// The header or a record contradicts itself.
    case corrupt
  }

  /// What is wrong with the bytes.
  public let code: Code
  /// The same, in words.
  public let detail: String

  /// One line.
  public var description: String { "not a readable dataset: \(detail)" }
}

// The canonical encoding, the same bytes for the same content. All numbers are little-endian.
//
//   8 bytes   "UNROLLDS"
//   uint32    format version, 1
//   uint32    length of the header
//   header    JSON with sorted keys: rows, input, target, alphabet, channels, classes, labels, width, splits,
//             storage (uint8, if the values are bytes), times (true, if there are times), names (of series)
//   int32[]   length of each example: bytes of a text, symbols, or steps
//   inputs    UTF-8, int32[], float32[] or uint8[], one example after the other
//   targets   int32[] (label index; or a class for each step) or float32[]
//   uint8[]   split of each example: 1 train, 2 validation, 3 test; only if the header says so
//   int64[]   time of each step, one example after the other; only if the header says so

extension Dataset {
  /// The most bytes of a text, or steps of a series.
  static let longest = Int(Int32.max)

  private static let magic = Array("UNROLLDS".utf8)
  private static let formatVersion: UInt32 = 1

  private struct Header: Codable {
    var rows: Int
    var input: String
    var target: String
    var alphabet: Int?
    var channels: [String]?
    var classes: Int?
    var labels: [String]?
    var width: Int?
    var splits: Bool
    var storage: String?
    var times: Bool?
    var names: [String]?
  }

  /// The SHA-256 digest of the canonical encoding in hexadecimal digits: the version of a dataset.
  public var sha256: String {
    var digest = Digest.Running()
    write(to: &digest)
    return digest.text
  }

  /// The canonical encoding: the same bytes for the same content, whatever the name.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// The bytes of the canonical encoding.
  public var encodedCount: Int {
    var counter = ByteCounter()
    write(to: &counter)
    return counter.count
  }

  /// Gives the canonical encoding piece by piece, so that only one is in memory at a time.
  ///
  /// - Parameters:
  ///   - size: The bytes of each piece but the last.
  ///   - take: Takes the next piece.
  /// - Throws: What `take` throws.
  public func encode(pieces size: Int, _ take: @escaping ([UInt8]) throws -> Void) throws {
    var pieces = BytePieces(size: size, give: take)
    write(to: &pieces)
    try pieces.finish()
  }

  private var header: Header {
    var header = Header(
      rows: count, input: inputs.kind, target: targets.kind, splits: splits != nil,
      times: times == nil ? nil : true, names: names)
    header.channels = inputs.channels
    switch inputs {
    case .texts, .values: break
    case .symbols(_, let alphabet): header.alphabet = alphabet
    case .bytes: header.storage = "uint8"
    }
    switch targets {
    case .none: break
    case .labels(_, let names): header.labels = names
    case .numbers(_, let width): header.width = width
    case .steps(_, let classes): header.classes = classes
    }
    return header
  }

  private func write(to sink: inout some ByteSink) {
    let json = CanonicalJSON.encode(header)
    sink.append(Self.magic)
    sink.append(Self.formatVersion)
    sink.append(UInt32(json.count))
    sink.append(json)
    var lengths = inputs.lengths
    if case .texts(let texts) = inputs { lengths = texts.byteCounts }
    sink.append(lengths.map { Int32($0) })
    switch inputs {
    case .texts(let texts): sink.append(texts.all)
    case .symbols(let sequences, _): sink.append(sequences.all)
    case .values(let sequences, _): sink.append(sequences.all)
    case .bytes(let sequences, _): sink.append(sequences.all)
    }
    switch targets {
    case .none: break
    case .labels(let indices, _): sink.append(indices)
    case .numbers(let numbers, _): sink.append(numbers)
    case .steps(let sequences, _): sink.append(sequences.all)
    }
    sink.append((splits ?? []).map { Self.code(of: $0) })
    if let times { sink.append(times.all) }
  }

  /// Reads the canonical encoding.
  ///
  /// - Parameters:
  ///   - bytes: What ``encoded()`` wrote.
  ///   - name: What the dataset shall be called.
  /// - Throws: ``DatasetDecodingError`` if the bytes are damaged or of another kind.
  public init(decoding bytes: some Collection<UInt8>, name: String) throws(DatasetDecodingError) {
    // Data may lie in a mapped file: it is read where it is.
    var reader = ByteReader(bytes as? Data ?? Data(bytes))
    guard let magic = reader.read(count: 8), Array(magic) == Self.magic else {
      throw DatasetDecodingError(
        code: .notADataset, detail: "the bytes do not begin with UNROLLDS")
    }
    let cut = DatasetDecodingError(
      code: .wrongLength, detail: "the bytes end before the last example")
    guard let version = reader.read(UInt32.self) else { throw cut }
    guard version == Self.formatVersion else {
      throw DatasetDecodingError(
        code: .unsupportedVersion,
        detail: "format version \(version), this program reads \(Self.formatVersion)")
    }
    guard let size = reader.read(UInt32.self), let json = reader.read(count: Int(size)) else {
      throw cut
    }
    guard let header = try? CanonicalJSON.decode(Header.self, from: json), header.rows >= 0 else {
      throw DatasetDecodingError(code: .corrupt, detail: "the header is not the JSON expected")
    }
    guard let lengths = reader.readIntegers(header.rows) else { throw cut }
    guard lengths.allSatisfy({ $0 >= 0 }) else {
      throw DatasetDecodingError(code: .corrupt, detail: "an example has a negative length")
    }
    guard let inputs = try Self.inputs(header, lengths, &reader),
      let targets = try Self.targets(header, lengths, &reader)
    else { throw cut }
    var splits: [Split]?
    if header.splits {
      guard let codes = reader.read(count: header.rows) else { throw cut }
      splits = codes.compactMap { Self.split(of: $0) }
    }
    var times: NumberSequences<Int64>?
    if header.times == true {
      times = Self.numbers(lengths, &reader)
      if times == nil { throw cut }
    }
    guard reader.remaining == 0 else {
      throw DatasetDecodingError(
        code: .wrongLength, detail: "\(reader.remaining) bytes follow the last example")
    }
    if let fault = Self.fault(
      inputs: inputs, targets: targets, splits: splits, times: times, names: header.names)
    {
      throw DatasetDecodingError(code: .corrupt, detail: "its \(fault)")
    }
    self.init(
      name: name, inputs: inputs, targets: targets, splits: splits, times: times,
      names: header.names)
  }

  private static func inputs(
    _ header: Header, _ lengths: [Int32], _ reader: inout ByteReader<Data>
  ) throws(DatasetDecodingError) -> Inputs? {
    switch (header.input, header.alphabet, header.channels) {
    case ("text", _, _):
      let total = lengths.reduce(0) { $0 + Int($1) }
      guard let bytes = reader.read(count: total) else { return nil }
      guard let texts = Texts(validating: bytes, lengths: lengths.lazy.map { Int($0) }) else {
        throw DatasetDecodingError(code: .corrupt, detail: "a text is not UTF-8")
      }
      return .texts(texts)
    case ("symbols", let alphabet?, _):
      return numbers(lengths, &reader).map { .symbols($0, alphabet: alphabet) }
    case ("values", _, let channels?) where header.storage == "uint8":
      return numbers(lengths, by: channels.count, &reader).map { .bytes($0, channels: channels) }
    case ("values", _, let channels?) where header.storage == nil:
      return numbers(lengths, by: channels.count, &reader).map { .values($0, channels: channels) }
    default:
      throw DatasetDecodingError(
        code: .corrupt, detail: "the header has no known input: \(header.input)")
    }
  }

  /// Numbers where they lie, `width` a step; nil if they end too early.
  private static func numbers<Number>(
    _ lengths: [Int32], by width: Int = 1, _ reader: inout ByteReader<Data>
  ) -> NumberSequences<Number>? {
    let counts = lengths.map { Int($0) * width }
    var bytes = 0
    for count in counts where bytes <= reader.remaining {
      bytes += count * MemoryLayout<Number>.size
    }
    return reader.read(count: bytes).map { NumberSequences($0, lengths: counts) }
  }

  private static func targets(
    _ header: Header, _ lengths: [Int32], _ reader: inout ByteReader<Data>
  ) throws(DatasetDecodingError) -> Targets? {
    switch (header.target, header.labels, header.width, header.classes) {
    case ("none", _, _, _):
      return Targets.none
    case ("label", let names?, _, _):
      return reader.readIntegers(header.rows).map { .labels($0, names: names) }
    case ("number", _, let width?, _) where (1...1_000_000).contains(width):
      return reader.readFloats(header.rows * width).map { .numbers($0, width: width) }
    case ("steps", _, _, let classes?) where header.input != "text":
      return numbers(lengths, &reader).map { .steps($0, classes: classes) }
    default:
      throw DatasetDecodingError(
        code: .corrupt, detail: "the header has no known target: \(header.target)")
    }
  }

  private static func code(of split: Split) -> UInt8 {
    switch split {
    case .train: 1
    case .validation: 2
    case .test: 3
    }
  }

  private static func split(of code: UInt8) -> Split? {
    switch code {
    case 1: .train
    case 2: .validation
    case 3: .test
    default: nil
    }
  }
}

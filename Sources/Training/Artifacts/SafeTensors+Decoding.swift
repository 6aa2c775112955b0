internal import FoundationEssentials

extension SafeTensors {
  /// The longest header that is read, as everywhere.
  private static let largestHeader = 100_000_000

  /// The types that are read; what is not F32 becomes F32, rounded to nearest.
  private enum ElementType: String, CaseIterable {
    case f16 = "F16"
    case bf16 = "BF16"
    case f32 = "F32"
    case f64 = "F64"

    var size: Int {
      switch self {
      case .f16, .bf16: 2
      case .f32: 4
      case .f64: 8
      }
    }
  }

  /// Reads a file.
  ///
  /// A header may say anything: each number is checked before it is used, and every byte of the body
  /// must belong to exactly one tensor, so that what is read is never larger than twice the file.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What it is called in an error.
  /// - Throws: ``ArtifactError``.
  public init(
    decoding bytes: some Collection<UInt8>, named name: String = "safetensors"
  ) throws(ArtifactError) {
    func error(
      _ found: String, _ allowed: String = "a whole safetensors file of tensors of floats"
    ) -> ArtifactError {
      ArtifactError(artifact: name, found: found, allowed: allowed)
    }
    let bytes = Array(bytes)
    var reader = ByteReader(bytes[...])
    guard let size = reader.read(UInt64.self), let count = Int(exactly: size),
      count <= Self.largestHeader, let json = reader.read(count: count)
    else { throw error("no header, or the file ends in it") }
    // The format wants the brace first; whatever else JSON may be is no header.
    guard json.first == UInt8(ascii: "{"),
      let header = try? JSONDecoder().decode([String: Value].self, from: Data(json))
    else { throw error("a header that is no JSON of tensors") }
    let body = bytes[(8 + count)...]
    var entries: [(name: String, entry: Entry)] = []
    var metadata: [String: String] = [:]
    for (key, value) in header {
      switch value {
      case .metadata(let found):
        guard key == Self.metadataKey else { throw error("\(key.quoted) that is no tensor") }
        metadata = found
      case .tensor(let entry): entries.append((key, entry))
      }
    }
    entries.sort {
      ($0.entry.start, $0.entry.end, $0.name) < ($1.entry.start, $1.entry.end, $1.name)
    }
    var tensors: [Tensor] = []
    var position = 0
    for (key, entry) in entries {
      guard entry.data_offsets.count == 2 else { throw error("\(key.quoted) without two offsets") }
      guard entry.start == position, entry.start <= entry.end, entry.end <= body.count else {
        throw error(
          "\(key.quoted) from \(entry.start) to \(entry.end) of \(body.count) bytes",
          "tensors that lie one after the other, from 0 to the end")
      }
      tensors.append(
        try Self.tensor(
          key, entry, body[body.startIndex + entry.start..<body.startIndex + entry.end], error))
      position = entry.end
    }
    guard position == body.count else {
      throw error("\(body.count - position) bytes of no tensor")
    }
    self.init(tensors, metadata: metadata)
  }

  private static func tensor(
    _ name: String, _ entry: Entry, _ bytes: ArraySlice<UInt8>,
    _ error: (String, String) -> ArtifactError
  ) throws(ArtifactError) -> Tensor {
    guard let type = ElementType(rawValue: entry.dtype) else {
      throw error(
        "\(name.quoted) of type \(entry.dtype.prefix(16))",
        "the types " + ElementType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let shape = shapeText(entry.shape)
    var expected = type.size
    for length in entry.shape {
      let (product, overflow) = expected.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else {
        throw error("\(name.quoted) of shape \(shape)", "lengths of at least 0 that fit in memory")
      }
      expected = product
    }
    guard expected == bytes.count else {
      throw error(
        "\(name.quoted) of shape \(shape) in \(bytes.count) bytes", "\(expected) bytes")
    }
    return Tensor(name: name, shape: entry.shape, elements: elements(bytes, type))
  }

  /// A shape, cut where it would make a message unreadable.
  static func shapeText(_ shape: [Int]) -> String {
    shape.count > 8 ? "of \(shape.count) axes" : "\(shape)"
  }

  private static func elements(_ bytes: ArraySlice<UInt8>, _ type: ElementType) -> [Float] {
    var reader = ByteReader(bytes)
    let count = bytes.count / type.size
    func values(_ next: () -> Float?) -> [Float] { (0..<count).map { _ in next() ?? 0 } }
    switch type {
    case .f32: return reader.readFloats(count) ?? []
    case .f16: return values { reader.read(UInt16.self).map { Float(Float16(bitPattern: $0)) } }
    case .bf16:
      return values { reader.read(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) } }
    case .f64: return values { reader.read(UInt64.self).map { Float(Double(bitPattern: $0)) } }
    }
  }
}

extension SafeTensors.Entry {
  /// The first byte of the tensor in the body; -1 if the header says none.
  var start: Int { data_offsets.first ?? -1 }
  /// The byte after its last.
  var end: Int { data_offsets.last ?? -1 }
}

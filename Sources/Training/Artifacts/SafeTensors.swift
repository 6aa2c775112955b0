internal import FoundationEssentials

/// Bytes that are no artifact of the kind expected.
public struct ArtifactError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The artifact.
  public let artifact: String
  /// What is wrong with it.
  public let found: String
  /// What is right.
  public let allowed: String

  /// One line.
  public var description: String { "\(artifact): found \(found); allowed: \(allowed)" }
}

/// Named tensors of 32-bit floats in the safetensors format: the length of the header (uint64), the
/// header as JSON, padded with spaces to a multiple of 8 bytes, and the tensors, little-endian.
public struct SafeTensors: Hashable, Sendable {
  /// A tensor.
  public struct Tensor: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// The lengths of its axes.
    public var shape: [Int]
    /// Its elements, row-major.
    public var elements: [Float]

    /// A tensor.
    ///
    /// - Precondition: The elements fill the shape.
    public init(name: String, shape: [Int], elements: [Float]) {
      precondition(
        shape.reduce(1, *) == elements.count, "\(elements.count) elements of shape \(shape)")
      self.name = name
      self.shape = shape
      self.elements = elements
    }
  }

  /// The tensors, in the order of their bytes.
  public var tensors: [Tensor]
  /// What the file says of itself.
  public var metadata: [String: String]

  /// Tensors with names that differ.
  public init(_ tensors: [Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The tensor with a name, or nil.
  public subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  private struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  private enum Value: Codable {
    case tensor(Entry)
    case metadata([String: String])

    init(from decoder: any Decoder) throws {
      if let entry = try? Entry(from: decoder) {
        self = .tensor(entry)
      } else {
        self = .metadata(try [String: String](from: decoder))
      }
    }

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .tensor(let entry): try entry.encode(to: encoder)
      case .metadata(let metadata): try metadata.encode(to: encoder)
      }
    }
  }

  private static let metadataKey = "__metadata__"

  /// The bytes of the file.
  public func encoded() -> [UInt8] {
    var header: [String: Value] = [:]
    var body = ByteWriter()
    for tensor in tensors {
      let start = body.bytes.count
      body.append(tensor.elements)
      header[tensor.name] = .tensor(
        Entry(dtype: "F32", shape: tensor.shape, data_offsets: [start, body.bytes.count]))
    }
    if !metadata.isEmpty { header[Self.metadataKey] = .metadata(metadata) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and integers: there is nothing that JSON could not hold.
    var json = (try? encoder.encode(header)).map(Array.init) ?? []
    json += [UInt8](repeating: 32, count: (8 - json.count % 8) % 8)
    var writer = ByteWriter()
    writer.append(UInt64(json.count))
    writer.append(json)
    writer.append(body.bytes)
    return writer.bytes
  }

  /// Reads a file.
  public init(decoding bytes: some Collection<UInt8>) throws(ArtifactError) {
    func error(_ found: String) -> ArtifactError {
      ArtifactError(
        artifact: "safetensors", found: found, allowed: "a whole file of tensors of type F32")
    }
    let bytes = Array(bytes)
    var reader = ByteReader(bytes[...])
    guard let size = reader.read(UInt64.self), let count = Int(exactly: size),
      let json = reader.read(count: count),
      let header = try? JSONDecoder().decode([String: Value].self, from: Data(json))
    else { throw error("no header") }
    let body = bytes[(8 + count)...]
    var metadata: [String: String] = [:]
    var tensors: [(start: Int, tensor: Tensor)] = []
    for (name, value) in header {
      switch value {
      case .metadata(let found): metadata = found
      case .tensor(let entry):
        guard entry.dtype == "F32" else { throw error("\(name) of type \(entry.dtype)") }
        guard entry.data_offsets.count == 2, entry.shape.allSatisfy({ $0 >= 0 }),
          case let (start, end) = (entry.data_offsets[0], entry.data_offsets[1]), 0 <= start,
          start <= end, end <= body.count
        else { throw error("\(name) beyond the end") }
        var elements = ByteReader(body[body.startIndex + start..<body.startIndex + end])
        var expected = 4
        for length in entry.shape {
          let (product, overflow) = expected.multipliedReportingOverflow(by: length)
          expected = overflow ? -1 : product
        }
        guard expected == end - start, let floats = elements.readFloats((end - start) / 4) else {
          throw error("\(name) whose bytes do not fill its shape")
        }
        tensors.append((start, Tensor(name: name, shape: entry.shape, elements: floats)))
      }
    }
    tensors.sort { ($0.start, $0.tensor.name) < ($1.start, $1.tensor.name) }
    self.init(tensors.map(\.tensor), metadata: metadata)
  }
}

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
/// See `SafeTensors+Decoding.swift` for what is read.
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

  struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  enum Value: Codable {
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

  static let metadataKey = "__metadata__"

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
}

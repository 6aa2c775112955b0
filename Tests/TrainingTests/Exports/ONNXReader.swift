import Testing

/// Fields of a protobuf message, read as far as ONNX files need it.
struct ProtobufReader {
  enum Field {
    case varint(UInt64)
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  let fields: [(number: Int, field: Field)]

  init(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    func varint() throws -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while true {
        let next = rest.popFirst()
        let byte = try #require(next)
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
    }
    var fields: [(number: Int, field: Field)] = []
    while !rest.isEmpty {
      let key = try varint()
      switch key & 7 {
      case 0: fields.append((Int(key >> 3), .varint(try varint())))
      case 2:
        let count = Int(try varint())
        try #require(count <= rest.count)
        fields.append((Int(key >> 3), .bytes(rest.prefix(count))))
        rest = rest.dropFirst(count)
      case 5:
        try #require(rest.count >= 4)
        let value = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        fields.append((Int(key >> 3), .fixed32(value)))
        rest = rest.dropFirst(4)
      default: try #require(Bool(false), "wire type \(key & 7)")
      }
    }
    self.fields = fields
  }

  func all(_ number: Int) -> [Field] { fields.filter { $0.number == number }.map(\.field) }

  func integers(_ number: Int) -> [Int] {
    all(number).compactMap { field in
      guard case .varint(let value) = field else { return nil }
      return Int(Int64(bitPattern: value))
    }
  }

  func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
    all(number).compactMap { field in
      guard case .bytes(let bytes) = field else { return nil }
      return bytes
    }
  }

  func texts(_ number: Int) -> [String] {
    bytes(number).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// A graph of ONNX, read back from its bytes.
struct ONNXFile {
  /// An array of any type, as numbers.
  struct Array: Equatable {
    var shape: [Int]
    var elements: [Double]
  }

  struct Node {
    var operation: String
    var inputs: [String]
    var outputs: [String]
    var integers: [String: [Int]] = [:]
    var numbers: [String: Double] = [:]
    var texts: [String: [String]] = [:]
    var graphs: [String: Graph] = [:]

    func integer(_ name: String, else common: Int) -> Int { integers[name]?.first ?? common }
  }

  struct Value {
    var name: String
    var element: Int
    /// A fixed length as digits, or a name.
    var shape: [String]
  }

  struct Graph {
    var nodes: [Node]
    var constants: [String: Array]
    var inputs: [Value]
    var outputs: [Value]
  }

  let version: Int
  let opset: Int
  let graph: Graph
  let metadata: [String: String]

  init(_ bytes: [UInt8]) throws {
    let model = try ProtobufReader(bytes[...])
    version = try #require(model.integers(1).first)
    let operators = try ProtobufReader(try #require(model.bytes(8).first))
    opset = try #require(operators.integers(2).first)
    graph = try Self.graph(try #require(model.bytes(7).first))
    var metadata: [String: String] = [:]
    for entry in model.bytes(14) {
      let pair = try ProtobufReader(entry)
      metadata[try #require(pair.texts(1).first)] = pair.texts(2).first
    }
    self.metadata = metadata
  }

  private static func graph(_ bytes: ArraySlice<UInt8>) throws -> Graph {
    let message = try ProtobufReader(bytes)
    var constants: [String: Array] = [:]
    for constant in message.bytes(5) {
      let tensor = try ProtobufReader(constant)
      let name = try #require(tensor.texts(8).first)
      #expect(constants[name] == nil, "\(name) twice")
      constants[name] = try array(tensor)
    }
    return Graph(
      nodes: try message.bytes(1).map(node), constants: constants,
      inputs: try message.bytes(11).map(value), outputs: try message.bytes(12).map(value))
  }

  private static func array(_ tensor: ProtobufReader) throws -> Array {
    let raw = [UInt8](try #require(tensor.bytes(9).first))
    let elements: [Double] = raw.withUnsafeBytes { raw in
      switch tensor.integers(2).first {
      case 1:
        (0..<raw.count / 4).map {
          Double(raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self))
        }
      case 7:
        (0..<raw.count / 8).map {
          Double(raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
        }
      case 11:
        (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
      default: []
      }
    }
    let shape = tensor.integers(1)
    #expect(shape.reduce(1, *) == elements.count)
    return Array(shape: shape, elements: elements)
  }

  private static func node(_ bytes: ArraySlice<UInt8>) throws -> Node {
    let message = try ProtobufReader(bytes)
    var node = Node(
      operation: try #require(message.texts(4).first), inputs: message.texts(1),
      outputs: message.texts(2))
    for part in message.bytes(5) {
      let attribute = try ProtobufReader(part)
      let name = try #require(attribute.texts(1).first)
      switch attribute.integers(20).first {
      case 1:
        guard case .fixed32(let bits) = attribute.all(2).first else { break }
        node.numbers[name] = Double(Float(bitPattern: bits))
      case 2: node.integers[name] = attribute.integers(3)
      case 3: node.texts[name] = attribute.texts(4)
      case 5: node.graphs[name] = try graph(try #require(attribute.bytes(6).first))
      case 7: node.integers[name] = attribute.integers(8)
      case 8: node.texts[name] = attribute.texts(9)
      default: Issue.record("attribute \(name) of an unknown type")
      }
    }
    return node
  }

  private static func value(_ bytes: ArraySlice<UInt8>) throws -> Value {
    let message = try ProtobufReader(bytes)
    let type = try ProtobufReader(try #require(message.bytes(2).first))
    let tensor = try ProtobufReader(try #require(type.bytes(1).first))
    let axes = try ProtobufReader(try #require(tensor.bytes(2).first)).bytes(1)
    return Value(
      name: try #require(message.texts(1).first), element: try #require(tensor.integers(1).first),
      shape: try axes.map { axis in
        let length = try ProtobufReader(axis)
        return try #require(length.texts(2).first ?? length.integers(1).first.map(String.init))
      })
  }
}

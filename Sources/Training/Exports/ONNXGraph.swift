/// A graph of ONNX operators, and its bytes as the messages of onnx.proto. Only what models of this
/// program need is here.
struct ONNXGraph {
  /// The types of elements, by their numbers in `TensorProto.DataType`.
  enum Element: Int {
    case float = 1
    case int32 = 6
    case int64 = 7
    case bool = 9
    case double = 11
  }

  /// A length of an axis.
  enum Length: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case fixed(Int)
    /// Any length; the same name is the same length everywhere.
    case named(String)

    init(integerLiteral value: Int) { self = .fixed(value) }
    init(stringLiteral value: String) { self = .named(value) }
  }

  enum Attribute {
    case integer(Int)
    case integers([Int])
    case number(Float)
    case text(String)
    case texts([String])
    case graph(ONNXGraph)
  }

  struct Node {
    var operation: String
    var inputs: [String]
    var outputs: [String]
    var attributes: [(name: String, value: Attribute)]
  }

  /// A constant; its name is that of the tensor of the model, where it is one.
  struct Constant {
    var name: String
    var element: Element
    var shape: [Int]
    /// Little-endian.
    var raw: [UInt8]
  }

  /// What goes in or comes out.
  struct Value {
    var name: String
    var element: Element
    /// Nil where it is left to whoever reads the graph.
    var shape: [Length]?
    var note = ""
  }

  var name: String
  var note = ""
  private(set) var nodes: [Node] = []
  private(set) var constants: [Constant] = []
  var inputs: [Value] = []
  var outputs: [Value] = []

  init(_ name: String) { self.name = name }

  // MARK: Building

  /// Adds an operator with one result, whose name is returned. An empty name of an input is one that
  /// is left out.
  @discardableResult
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [],
    as output: String
  ) -> String {
    add(operation, inputs, attributes, giving: [output])
    return output
  }

  /// Adds an operator with several results.
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [],
    giving outputs: [String]
  ) {
    nodes.append(
      Node(
        operation: operation, inputs: inputs, outputs: outputs,
        attributes: attributes.map { (name: $0.0, value: $0.1) }))
  }

  /// Adds a constant unless one of its name is there.
  @discardableResult
  mutating func constant(_ name: String, _ shape: [Int], _ elements: [Float]) -> String {
    var writer = ByteWriter()
    writer.append(elements)
    return add(Constant(name: name, element: .float, shape: shape, raw: writer.bytes))
  }

  @discardableResult
  mutating func constant(_ name: String, integers: [Int], isScalar: Bool = false) -> String {
    var writer = ByteWriter()
    for value in integers { writer.append(Int64(value)) }
    return add(
      Constant(
        name: name, element: .int64, shape: isScalar ? [] : [integers.count], raw: writer.bytes))
  }

  /// A constant in Double; without a shape it has one axis.
  @discardableResult
  mutating func constant(_ name: String, _ shape: [Int]? = nil, numbers: [Double]) -> String {
    var writer = ByteWriter()
    for value in numbers { writer.append(value.bitPattern) }
    return add(
      Constant(
        name: name, element: .double, shape: shape ?? [numbers.count], raw: writer.bytes))
  }

  /// Takes the constants of a body: it sees those around it, and must not hide any with its own.
  mutating func takeConstants(of body: inout ONNXGraph) {
    for constant in body.constants { add(constant) }
    body.constants = []
  }

  @discardableResult
  private mutating func add(_ constant: Constant) -> String {
    if !constants.contains(where: { $0.name == constant.name }) { constants.append(constant) }
    return constant.name
  }

  // MARK: Bytes

  /// The bytes of a `ModelProto`.
  ///
  /// - Parameters:
  ///   - opset: The version of the operators.
  ///   - producer: The program's name.
  ///   - metadata: What the file says of itself.
  /// - Returns: The whole file.
  func encoded(opset: Int, producer: String, metadata: [(String, String)]) -> [UInt8] {
    var model = ProtobufWriter()
    // IR version 8 is that of opset 17.
    model.append(1, 8)
    model.append(2, producer)
    model.append(6, note)
    model.append(7) { encode(into: &$0) }
    model.append(8) {
      $0.append(1, "")
      $0.append(2, opset)
    }
    for (key, value) in metadata {
      model.append(14) {
        $0.append(1, key)
        $0.append(2, value)
      }
    }
    return model.bytes
  }

  /// The fields of a `GraphProto`.
  private func encode(into graph: inout ProtobufWriter) {
    for (index, node) in nodes.enumerated() { graph.append(1) { encode(node, index, &$0) } }
    graph.append(2, name)
    for constant in constants {
      graph.append(5) {
        for length in constant.shape { $0.append(1, length) }
        $0.append(2, constant.element.rawValue)
        $0.append(8, constant.name)
        $0.append(9, constant.raw)
      }
    }
    for input in inputs { graph.append(11) { encode(input, &$0) } }
    for output in outputs { graph.append(12) { encode(output, &$0) } }
  }

  private func encode(_ node: Node, _ index: Int, _ writer: inout ProtobufWriter) {
    for input in node.inputs { writer.append(1, input) }
    for output in node.outputs { writer.append(2, output) }
    writer.append(3, "\(index)_\(node.operation)")
    writer.append(4, node.operation)
    for attribute in node.attributes {
      writer.append(5) {
        $0.append(1, attribute.name)
        encode(attribute.value, &$0)
      }
    }
  }

  private func encode(_ value: Attribute, _ writer: inout ProtobufWriter) {
    let type: Int
    switch value {
    case .number(let number):
      writer.append(2, number)
      type = 1
    case .integer(let integer):
      writer.append(3, integer)
      type = 2
    case .text(let text):
      writer.append(4, text)
      type = 3
    case .graph(let graph):
      writer.append(6) { graph.encode(into: &$0) }
      type = 5
    case .integers(let integers):
      for integer in integers { writer.append(8, integer) }
      type = 7
    case .texts(let texts):
      for text in texts { writer.append(9, text) }
      type = 8
    }
    writer.append(20, type)
  }

  private func encode(_ value: Value, _ writer: inout ProtobufWriter) {
    writer.append(1, value.name)
    writer.append(2) {
      $0.append(1) { tensor in
        tensor.append(1, value.element.rawValue)
        guard let shape = value.shape else { return }
        tensor.append(2) { axes in
          for length in shape {
            axes.append(1) { axis in
              switch length {
              case .fixed(let count): axis.append(1, count)
              case .named(let name): axis.append(2, name)
              }
            }
          }
        }
      }
    }
    if !value.note.isEmpty { writer.append(3, value.note) }
  }
}

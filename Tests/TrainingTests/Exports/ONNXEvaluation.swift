import Glibc
import Testing

/// Evaluates graphs of ONNX in Double, operator by operator as the standard words them and as slowly.
struct ONNXEvaluation {
  typealias Array = ONNXFile.Array

  private var values: [String: Array]

  init(_ graph: ONNXFile.Graph, _ inputs: [String: Array]) throws {
    values = inputs
    values.merge(graph.constants) { $1 }
    for node in graph.nodes { try run(node) }
  }

  subscript(name: String) -> Array? { values[name] }

  private mutating func run(_ node: ONNXFile.Node) throws {
    for (name, value) in zip(node.outputs, try results(node)) where !name.isEmpty {
      values[name] = value
    }
  }

  private func results(_ node: ONNXFile.Node) throws -> [Array] {
    let inputs: [Array?] = node.inputs.map { name in
      #expect(name.isEmpty || values[name] != nil, "\(name) is not there yet")
      return values[name]
    }
    func input(_ index: Int) throws -> Array { try #require(inputs[index]) }
    let first = try input(0)
    switch node.operation {
    case "Identity": return [first]
    case "Cast":
      let type = node.integer("to", else: 0)
      return [
        first.map { type == 1 ? Double(Float($0)) : type == 11 ? $0 : $0.rounded(.towardZero) }
      ]
    case "IsNaN": return [first.map { $0.isNaN ? 1 : 0 }]
    case "Floor": return [first.map { $0.rounded(.down) }]
    case "Exp": return [first.map { exp($0) }]
    case "Log": return [first.map { log($0) }]
    case "Sin": return [first.map { sin($0) }]
    case "Neg": return [first.map { -$0 }]
    case "Softplus": return [first.map { log1p(exp($0)) }]
    case "Sigmoid": return [first.map { 1 / (1 + exp(-$0)) }]
    case "Tanh": return [first.map { tanh($0) }]
    case "Relu": return [first.map { max(0, $0) }]
    case "Add": return [first.with(try input(1)) { $0 + $1 }]
    case "Sub": return [first.with(try input(1)) { $0 - $1 }]
    case "Mul": return [first.with(try input(1)) { $0 * $1 }]
    case "Div": return [first.with(try input(1)) { $0 / $1 }]
    case "Min": return [first.with(try input(1)) { min($0, $1) }]
    case "Expand":
      let shape = try input(1).elements.map { Int($0) }
      let ones = Array(shape: shape, elements: Swift.Array(repeating: 1, count: shape.reduce(1, *)))
      return [first.with(ones) { value, _ in value }]
    case "TopK":
      #expect(node.integer("axis", else: -1) == -1 && node.integer("largest", else: 1) == 0)
      #expect(try input(1).elements == [Double(try #require(first.shape.last))])
      return [first.rows { $0.sorted() }]
    case "Less": return [first.with(try input(1)) { $0 < $1 ? 1 : 0 }]
    case "Where":
      let other = try input(2)
      let chosen = try input(1).with(other) { left, _ in left }
      let rest = other.with(chosen) { right, _ in right }
      let condition = first.with(chosen) { flag, _ in flag }
      return [
        Array(
          shape: chosen.shape,
          elements: chosen.elements.indices.map {
            condition.elements[$0] != 0 ? chosen.elements[$0] : rest.elements[$0]
          })
      ]
    case "Transpose": return [first.transposed(try #require(node.integers["perm"]))]
    case "Reshape":
      var shape = try input(1).elements.map { Int($0) }
      for (axis, length) in shape.enumerated() where length == 0 { shape[axis] = first.shape[axis] }
      #expect(shape.reduce(1, *) == first.elements.count)
      return [Array(shape: shape, elements: first.elements)]
    case "Shape":
      return [Array(shape: [first.shape.count], elements: first.shape.map { Double($0) })]
    case "Range":
      let (limit, step) = (try input(1).elements[0], try input(2).elements[0])
      let range = Swift.Array(stride(from: first.elements[0], to: limit, by: step))
      return [Array(shape: [range.count], elements: range)]
    case "Unsqueeze":
      var shape = first.shape
      shape.insert(1, at: Int(try input(1).elements[0]))
      return [Array(shape: shape, elements: first.elements)]
    case "Gather":
      return [first.gathered(try input(1), axis: node.integer("axis", else: 0))]
    case "GatherND":
      // Of [B, T, F] with an index [B, 1] or [B, S, 1] in a batch: [B, F] or [B, S, F].
      #expect(node.integer("batch_dims", else: 0) == 1)
      let index = try input(1)
      #expect(index.shape.last == 1)
      let (time, width) = (first.shape[1], first.shape[2])
      let each = index.elements.count / index.shape[0]
      return [
        Array(
          shape: index.shape.dropLast() + [width],
          elements: index.elements.enumerated().flatMap { place, step in
            let start = (place / each * time + Int(step)) * width
            return first.elements[start..<start + width]
          })
      ]
    case "ReduceSum": return [first.reduced(0) { $0 + $1 }]
    case "ReduceMax":
      #expect(node.integers["axes"] == [0])
      return [first.reduced(-.infinity) { max($0, $1) }]
    case "Softmax":
      return [
        first.rows { row in
          let powers = row.map { exp($0 - (row.max() ?? 0)) }
          return powers.map { $0 / powers.reduce(0, +) }
        }
      ]
    case "MatMul": return [first.product(try input(1))]
    case "Concat":
      let parts = try inputs.map { try #require($0) }
      return [Array.joined(parts, isLast: node.integer("axis", else: 0) == -1)]
    case "ConstantOfShape":
      let shape = first.elements.map { Int($0) }
      return [Array(shape: shape, elements: Swift.Array(repeating: 0, count: shape.reduce(1, *)))]
    case "Split": return first.split(try input(1).elements.map { Int($0) })
    case "LayerNormalization":
      let epsilon = try #require(node.numbers["epsilon"])
      let normal = first.rows { row in
        let mean = row.reduce(0, +) / Double(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
        return row.map { ($0 - mean) / (variance + epsilon).squareRoot() }
      }
      return [normal.with(try input(1)) { $0 * $1 }.with(try input(2)) { $0 + $1 }]
    case "Scan": return try scan(node, try inputs.map { try #require($0) })
    case "RNN", "LSTM", "GRU": return [try ONNXRecurrence(node, inputs).states]
    default:
      Issue.record("operator \(node.operation)")
      return []
    }
  }

  private func scan(_ node: ONNXFile.Node, _ inputs: [Array]) throws -> [Array] {
    let body = try #require(node.graphs["body"])
    let sequences = inputs.suffix(node.integer("num_scan_inputs", else: 0))
    var states = Swift.Array(inputs.dropLast(sequences.count))
    let isBackward = node.integers["scan_output_directions"] == [1]
    #expect(
      node.integers["scan_input_directions"]?.allSatisfy { $0 == (isBackward ? 1 : 0) } == true)
    let steps = try #require(sequences.first).shape[0]
    var outputs = [Array?](repeating: nil, count: steps)
    for step in isBackward ? Swift.Array((0..<steps).reversed()) : Swift.Array(0..<steps) {
      let values = states + sequences.map { $0.step(step) }
      let named = Dictionary(uniqueKeysWithValues: zip(body.inputs.map(\.name), values))
      let result = try ONNXEvaluation(body, self.values.merging(named) { $1 })
      let all = try body.outputs.map { try #require(result[$0.name]) }
      states = Swift.Array(all.prefix(states.count))
      outputs[step] = all.last
    }
    let whole = try outputs.map { try #require($0) }
    return states + [
      Array(shape: [steps] + whole[0].shape, elements: whole.flatMap(\.elements))
    ]
  }
}

extension ONNXFile.Array {
  func map(_ body: (Double) -> Double) -> Self { Self(shape: shape, elements: elements.map(body)) }

  /// Element by element, with the lengths of 1 stretched.
  func with(_ other: Self, _ body: (Double, Double) -> Double) -> Self {
    let rank = max(shape.count, other.shape.count)
    func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
    let (left, right) = (padded(shape), padded(other.shape))
    let whole = zip(left, right).map { $0 == 1 ? $1 : $0 }
    func place(_ index: Int, _ shape: [Int]) -> Int {
      var (rest, place, size) = (index, 0, 1)
      for axis in (0..<rank).reversed() {
        let position = rest % whole[axis]
        rest /= whole[axis]
        if shape[axis] > 1 { place += position * size }
        size *= shape[axis]
      }
      return place
    }
    return Self(
      shape: whole,
      elements: (0..<whole.reduce(1, *)).map {
        body(elements[place($0, left)], other.elements[place($0, right)])
      })
  }

  func transposed(_ order: [Int]) -> Self {
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    let turned = order.map { shape[$0] }
    return Self(
      shape: turned,
      elements: elements.indices.map { index in
        var (rest, place) = (index, 0)
        for axis in turned.indices.reversed() {
          place += rest % turned[axis] * strides[order[axis]]
          rest /= turned[axis]
        }
        return elements[place]
      })
  }

  /// The rows of an axis that an index names.
  func gathered(_ index: Self, axis: Int) -> Self {
    let behind = Array(shape[(axis + 1)...])
    let width = behind.reduce(1, *)
    let block = shape[axis] * width
    var gathered: [Double] = []
    for start in stride(from: 0, to: elements.count, by: block) {
      for place in index.elements {
        let first = start + Int(place) * width
        gathered += elements[first..<first + width]
      }
    }
    return Self(shape: Array(shape[..<axis]) + index.shape + behind, elements: gathered)
  }

  /// Over the last axis.
  func rows(_ body: (ArraySlice<Double>) -> [Double]) -> Self {
    let width = shape.last ?? 1
    return Self(
      shape: shape,
      elements: stride(from: 0, to: elements.count, by: width).flatMap {
        body(elements[$0..<$0 + width])
      })
  }

  /// Over the first axis.
  func reduced(_ start: Double, _ body: (Double, Double) -> Double) -> Self {
    let width = shape.dropFirst().reduce(1, *)
    return Self(
      shape: Array(shape.dropFirst()),
      elements: (0..<width).map { column in
        (0..<shape[0]).reduce(start) { body($0, elements[$1 * width + column]) }
      })
  }

  func product(_ right: Self) -> Self {
    let (inner, columns) = (right.shape[0], right.shape[1])
    #expect(shape.last == inner && right.shape.count == 2)
    return Self(
      shape: shape.dropLast() + [columns],
      elements: (0..<elements.count / inner).flatMap { row in
        (0..<columns).map { column in
          (0..<inner).reduce(0) {
            $0 + elements[row * inner + $1] * right.elements[$1 * columns + column]
          }
        }
      })
  }

  func split(_ sizes: [Int]) -> [Self] {
    let width = shape.last ?? 1
    var start = 0
    return sizes.map { size in
      defer { start += size }
      let part = start..<start + size
      return Self(
        shape: shape.dropLast() + [size],
        elements: (0..<elements.count / width).flatMap { row in
          part.map { elements[row * width + $0] }
        })
    }
  }

  /// Along the last axis, or the first.
  static func joined(_ parts: [Self], isLast: Bool) -> Self {
    guard isLast else {
      return Self(
        shape: [parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.dropFirst(),
        elements: parts.flatMap(\.elements))
    }
    let widths = parts.map { $0.shape.last ?? 1 }
    let rows = parts[0].elements.count / widths[0]
    return Self(
      shape: parts[0].shape.dropLast() + [widths.reduce(0, +)],
      elements: (0..<rows).flatMap { row in
        zip(parts, widths).flatMap { $0.elements[row * $1..<(row + 1) * $1] }
      })
  }

  func step(_ index: Int) -> Self {
    let width = shape.dropFirst().reduce(1, *)
    return Self(
      shape: Array(shape.dropFirst()),
      elements: Array(elements[index * width..<(index + 1) * width]))
  }
}

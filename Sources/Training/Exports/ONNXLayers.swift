internal import Recurrent

/// Recurrent layers as ONNX's own operators, whose gates have another order than PyTorch's and ours:
///
/// | cell | here | ONNX |
/// |---|---|---|
/// | LSTM | i, f, g, o | i, o, f, c (our g) |
/// | GRU | r, z, n | z, r, h (our n) |
/// | peepholes | i, f, o | i, o, f |
///
/// Legend: G gates, D directions, H units, I width of the input.
extension ONNXBuilder {
  /// For each gate of ONNX, the place of it among ours.
  static func gateOrder(_ cell: ModelPlan.Cell) -> [Int] {
    switch cell {
    case .rnn: [0]
    case .lstm: [0, 3, 1, 2]
    case .gru: [1, 0, 2]
    }
  }

  /// [T, B, D·H] of one layer over [T, B, I].
  mutating func layer(_ layer: Int, _ input: String) -> String {
    let name = "layer\(layer)"
    let states =
      plan.normalization == .layer
      ? scannedLayer(layer, input) : nativeLayer(layer, input)
    guard plan.isResidual, layer > 0 else { return states }
    return graph.add("Add", [input, states], as: "\(name)_residual")
  }

  /// The names' endings of the directions.
  var suffixes: [String] { plan.isBidirectional ? ["", "_reverse"] : [""] }

  private mutating func nativeLayer(_ layer: Int, _ input: String) -> String {
    let name = "layer\(layer)"
    let width = layer == 0 ? plan.inputWidth : plan.outputWidth
    let (directions, units, gates) = (plan.directions, plan.hidden, plan.gates)
    let order = Self.gateOrder(plan.cell)
    let weight = graph.constant(
      "\(name).W", [directions, gates * units, width],
      gathered("weight_ih", layer, order, block: units * width))
    let recurrent = graph.constant(
      "\(name).R", [directions, gates * units, units],
      gathered("weight_hh", layer, order, block: units * units))
    // Both biases, one after the other, for each direction.
    let biases = suffixes.flatMap { suffix in
      ["bias_ih", "bias_hh"].flatMap { part in
        Self.reordered(
          model.parameter("recurrent.\(part)_l\(layer)\(suffix)").elements, order, block: units)
      }
    }
    let bias = graph.constant("\(name).B", [directions, 2 * gates * units], biases)
    var inputs = [input, weight, recurrent, bias, lengths.int32]
    var attributes: [(String, ONNXGraph.Attribute)] = [
      ("hidden_size", .integer(units)),
      ("direction", .text(plan.isBidirectional ? "bidirectional" : "forward")),
    ]
    switch plan.cell {
    case .rnn:
      let nonlinearity = plan.nonlinearity == .relu ? "Relu" : "Tanh"
      attributes.append(
        ("activations", .texts([String](repeating: nonlinearity, count: directions))))
    case .gru:
      attributes.append(("linear_before_reset", .integer(plan.reset == .after ? 1 : 0)))
    case .lstm:
      if plan.peepholes {
        let peepholes = graph.constant(
          "\(name).P", [directions, 3 * units],
          gathered("weight_peephole", layer, [0, 2, 1], block: units))
        inputs += ["", "", peepholes]
      }
    }
    let states = graph.add(
      plan.cell.rawValue.uppercased(), inputs, attributes, as: "\(name)_states")
    // [T, D, B, H] to [T, B, D·H].
    let turned = graph.add(
      "Transpose", [states], [("perm", .integers([0, 2, 1, 3]))], as: "\(name)_turned")
    return graph.add(
      "Reshape", [turned, graph.constant("layer_shape", integers: [0, 0, plan.outputWidth])],
      as: "\(name)_output")
  }

  /// A parameter of each direction with its blocks in another order.
  private func gathered(
    _ part: String, _ layer: Int, _ order: [Int], block: Int
  ) -> [Float] {
    suffixes.flatMap { suffix in
      Self.reordered(
        model.parameter("recurrent.\(part)_l\(layer)\(suffix)").elements, order, block: block)
    }
  }

  /// Blocks of elements in another order.
  static func reordered(_ elements: [Float], _ order: [Int], block: Int) -> [Float] {
    order.flatMap { elements[$0 * block..<($0 + 1) * block] }
  }
}

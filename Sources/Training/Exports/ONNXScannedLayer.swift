internal import Recurrent

/// Normalized layers, which ONNX has no operator for: the input's product with all steps at once, and
/// a `Scan` over time whose body is the cell, step for step as this program computes it.
extension ONNXBuilder {
  /// The sums of a cell that are normalized, in the order of the rows of `norm_weight`.
  private enum Panel {
    case gate(Int)
    /// The share of a gate that comes from the input, or from the state.
    case input(Int)
    case state(Int)
  }

  private var panels: [Panel] {
    switch (plan.cell, plan.reset) {
    case (.rnn, _): [.gate(0)]
    case (.lstm, _): (0..<4).map { .gate($0) }
    // n of the input, r, z, n of the state: r multiplies the last one alone.
    case (.gru, .after): [.input(2), .gate(0), .gate(1), .state(2)]
    // n, r, z.
    case (.gru, .before): [.gate(2), .gate(0), .gate(1)]
    }
  }

  mutating func scannedLayer(_ layer: Int, _ input: String) -> String {
    let name = "layer\(layer)"
    let valid = validSteps(input)
    let states = suffixes.map { suffix in direction("l\(layer)\(suffix)", layer, input, valid) }
    guard states.count > 1 else { return states[0] }
    return graph.add("Concat", states, [("axis", .integer(-1))], as: "\(name)_output")
  }

  /// [T, B, H] of one direction. A layer that goes backward meets the padding first, and keeps its
  /// state of zeros as long.
  private mutating func direction(
    _ name: String, _ layer: Int, _ input: String, _ valid: String
  ) -> String {
    let width = layer == 0 ? plan.inputWidth : plan.outputWidth
    let sums = plan.gates * plan.hidden
    let weight = graph.constant(
      "recurrent.weight_ih_\(name)", [sums, width],
      model.parameter("recurrent.weight_ih_\(name)").elements)
    let columns = graph.add(
      "Transpose", [weight], [("perm", .integers([1, 0]))], as: "\(name)_weight")
    let products = graph.add("MatMul", [input, columns], as: "\(name)_products")
    let start = zeroState()
    let body = cell(name)
    let isBackward = name.hasSuffix("_reverse") ? 1 : 0
    let stateCount = plan.cell == .lstm ? 2 : 1
    let finals = (0..<stateCount).map { "\(name)_final\($0)" }
    graph.add(
      "Scan", [String](repeating: start, count: stateCount) + [products, valid],
      [
        ("body", .graph(body)), ("num_scan_inputs", .integer(2)),
        ("scan_input_directions", .integers([isBackward, isBackward])),
        ("scan_output_directions", .integers([isBackward])),
      ], giving: finals + ["\(name)_states"])
    return "\(name)_states"
  }

  /// [B, H] of zeros.
  private mutating func zeroState() -> String {
    if graph.nodes.contains(where: { $0.outputs == ["zero_state"] }) { return "zero_state" }
    return graph.add("ConstantOfShape", [batchShape(plan.hidden, "state")], as: "zero_state")
  }

  /// The shape [B, width] as a value.
  mutating func batchShape(_ width: Int, _ name: String) -> String {
    let batch = graph.add("Shape", ["lengths"], as: "\(name)_batch")
    return graph.add(
      "Concat", [batch, graph.constant("\(name)_width", integers: [width])],
      [("axis", .integer(0))], as: "\(name)_shape")
  }

  // MARK: The body

  /// One step: states h' (and c'), the products of the input [B, G·H] and whether the step is none of
  /// padding [B, 1] in; the new states and, for the output, h.
  private func cell(_ name: String) -> ONNXGraph {
    var body = CellBody(model, name)
    for (row, panel) in panels.enumerated() { body.normalize(panel, row) }
    body.combine()
    return body.graph
  }

  private struct CellBody {
    let model: ModelExport
    let name: String
    var graph: ONNXGraph
    private var plan: ModelPlan { model.network }

    init(_ model: ModelExport, _ name: String) {
      self.model = model
      self.name = name
      graph = ONNXGraph("\(name)_step")
      let state: [ONNXGraph.Length] = ["batch", .fixed(model.network.hidden)]
      graph.inputs = [ONNXGraph.Value(name: id("before"), element: .float, shape: state)]
      if model.network.cell == .lstm {
        graph.inputs.append(
          ONNXGraph.Value(name: id("memory_before"), element: .float, shape: state))
      }
      graph.inputs += [
        ONNXGraph.Value(
          name: id("products_now"), element: .float,
          shape: ["batch", .fixed(model.network.gates * model.network.hidden)]),
        ONNXGraph.Value(name: id("valid_now"), element: .bool, shape: ["batch", 1]),
      ]
      split(id("products_now"), "x")
      // Where r comes before the product, that of n is of r h'.
      if !(model.network.cell == .gru && model.network.reset == .before) {
        split(multiply(id("before"), rows: nil, "recurrent_products"), "u")
      }
    }

    /// Names of a body must differ from those around it.
    func id(_ part: String) -> String { "\(name)_\(part)" }

    /// One result for each gate.
    private mutating func split(_ sums: String, _ prefix: String) {
      let parts = (0..<plan.gates).map { id("\(prefix)\($0)") }
      guard parts.count > 1 else {
        graph.add("Identity", [sums], giving: parts)
        return
      }
      let sizes = graph.constant(
        id("split"), integers: [Int](repeating: plan.hidden, count: plan.gates))
      graph.add("Split", [sums, sizes], [("axis", .integer(-1))], giving: parts)
    }

    /// The product of states with the rows of some gates, or all, of the recurrent weight.
    private mutating func multiply(_ states: String, rows: Range<Int>?, _ output: String) -> String
    {
      let (units, all) = (plan.hidden, 0..<plan.gates)
      let rows = rows ?? all
      let weight = model.parameter("recurrent.weight_hh_\(name)").elements
      let constant = graph.constant(
        id("weight_hh_\(rows.lowerBound)"), [rows.count * units, units],
        Array(weight[rows.lowerBound * units * units..<rows.upperBound * units * units]))
      let columns = graph.add(
        "Transpose", [constant], [("perm", .integers([1, 0]))], as: id("\(output)_weight"))
      return graph.add("MatMul", [states, columns], as: id(output))
    }

    mutating func normalize(_ panel: Panel, _ row: Int) {
      let sum: String
      let output: String
      switch panel {
      case .input(let gate): (sum, output) = (id("x\(gate)"), id("input\(gate)"))
      case .state(let gate): (sum, output) = (id("u\(gate)"), id("state\(gate)"))
      case .gate(let gate):
        if plan.cell == .gru, plan.reset == .before {
          // n comes when r is known: see combine.
          if gate == 2 { return }
          if gate == 0 { split01() }
        }
        sum = graph.add("Add", [id("x\(gate)"), id("u\(gate)")], as: id("sum\(gate)"))
        output = id("gate\(gate)")
      }
      normalize(sum, row: row, as: output)
    }

    private mutating func split01() {
      let products = multiply(id("before"), rows: 0..<2, "recurrent_products")
      let sizes = graph.constant(id("split2"), integers: [plan.hidden, plan.hidden])
      graph.add(
        "Split", [products, sizes], [("axis", .integer(-1))], giving: [id("u0"), id("u1")])
    }

    private mutating func normalize(_ sum: String, row: Int, as output: String) {
      let units = plan.hidden
      func values(_ part: String) -> [Float] {
        Array(
          model.parameter("recurrent.\(part)_\(name)").elements[row * units..<(row + 1) * units])
      }
      let weight = graph.constant(id("norm_weight\(row)"), [units], values("norm_weight"))
      let bias = graph.constant(id("norm_bias\(row)"), [units], values("norm_bias"))
      graph.add(
        "LayerNormalization", [sum, weight, bias],
        [("axis", .integer(-1)), ("epsilon", .number(1e-5))], as: output)
    }

    /// The equations of the cell, given its normalized sums.
    mutating func combine() {
      switch plan.cell {
      case .rnn:
        graph.add(
          plan.nonlinearity == .relu ? "Relu" : "Tanh", [id("gate0")], as: id("new"))
        finish()
      case .lstm: combineLSTM()
      case .gru: combineGRU()
      }
    }

    private mutating func peep(_ gate: Int, row: Int, _ memory: String) -> String {
      guard plan.peepholes else { return id("gate\(gate)") }
      let weights = model.parameter("recurrent.weight_peephole_\(name)").elements
      let units = plan.hidden
      let weight = graph.constant(
        id("peephole\(row)"), [units], Array(weights[row * units..<(row + 1) * units]))
      let seen = graph.add("Mul", [memory, weight], as: id("seen\(gate)"))
      return graph.add("Add", [id("gate\(gate)"), seen], as: id("peeping\(gate)"))
    }

    private mutating func combineLSTM() {
      let before = id("memory_before")
      let i = graph.add("Sigmoid", [peep(0, row: 0, before)], as: id("i"))
      let f = graph.add("Sigmoid", [peep(1, row: 1, before)], as: id("f"))
      let g = graph.add("Tanh", [id("gate2")], as: id("g"))
      let kept = graph.add("Mul", [f, before], as: id("kept"))
      let stored = graph.add("Mul", [i, g], as: id("stored"))
      let memory = graph.add("Add", [kept, stored], as: id("memory_new"))
      let o = graph.add("Sigmoid", [peep(3, row: 2, memory)], as: id("o"))
      let shown = graph.add("Tanh", [memory], as: id("shown"))
      graph.add("Mul", [o, shown], as: id("new"))
      finish()
    }

    private mutating func combineGRU() {
      let r = graph.add("Sigmoid", [id("gate0")], as: id("r"))
      let z = graph.add("Sigmoid", [id("gate1")], as: id("z"))
      let sum: String
      if plan.reset == .after {
        let reset = graph.add("Mul", [r, id("state2")], as: id("reset"))
        sum = graph.add("Add", [id("input2"), reset], as: id("candidate"))
      } else {
        let reset = graph.add("Mul", [r, id("before")], as: id("reset"))
        let product = multiply(reset, rows: 2..<3, "reset_product")
        let whole = graph.add("Add", [id("x2"), product], as: id("sum2"))
        normalize(whole, row: 0, as: id("candidate"))
        sum = id("candidate")
      }
      let n = graph.add("Tanh", [sum], as: id("n"))
      // n + z (h' - n)
      let difference = graph.add("Sub", [id("before"), n], as: id("difference"))
      let share = graph.add("Mul", [z, difference], as: id("share"))
      graph.add("Add", [n, share], as: id("new"))
      finish()
    }

    /// Padding leaves the states as they are.
    private mutating func finish() {
      let state: [ONNXGraph.Length] = ["batch", .fixed(plan.hidden)]
      graph.add("Where", [id("valid_now"), id("new"), id("before")], as: id("after"))
      graph.outputs = [ONNXGraph.Value(name: id("after"), element: .float, shape: state)]
      if plan.cell == .lstm {
        graph.add(
          "Where", [id("valid_now"), id("memory_new"), id("memory_before")],
          as: id("memory_after"))
        graph.outputs.append(
          ONNXGraph.Value(name: id("memory_after"), element: .float, shape: state))
      }
      graph.add("Identity", [id("after")], as: id("output"))
      graph.outputs.append(ONNXGraph.Value(name: id("output"), element: .float, shape: state))
    }
  }
}

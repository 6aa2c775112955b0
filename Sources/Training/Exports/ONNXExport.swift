internal import Recurrent

extension ModelExport {
  /// The version of the operators that an ONNX export uses.
  public static let opset = 17

  /// A protobuf message cannot be longer.
  private static let largestFile = 1 << 31

  /// The model as an ONNX file: raw tokens or values and the lengths of the sequences in,
  /// probabilities or numbers in the data's units out.
  ///
  /// Legend: B sequences (`batch`), T steps (`time`), F features, O outputs. Steps from the length of a
  /// sequence on are padding, whatever they hold.
  ///
  /// - Throws: ``PlanError`` if the file would be too large for the format, or the plan says what is not
  ///   known here.
  public func onnx() throws(PlanError) -> [UInt8] {
    try checkKnown()
    let size = 4 * parameters.values.reduce(0) { $0 + $1.elements.count }
    try PlanError.require(
      size < Self.largestFile - (1 << 26), "model", found: "\(size) bytes of weights",
      allowed: "less than 2 GiB, the most that an ONNX file can hold")
    var builder = ONNXBuilder(self)
    builder.build()
    return builder.graph.encoded(
      opset: Self.opset, producer: "unroll", metadata: onnxMetadata)
  }

  /// What a program needs beside the graph: how texts become tokens, the labels, the plan.
  private var onnxMetadata: [(String, String)] {
    func json(_ value: some Encodable) -> String {
      String(decoding: CanonicalJSON.encode(value), as: UTF8.self)
    }
    var entries = [
      ("unroll.task", encoding.task.rawValue), ("unroll.encoding", json(encoding)),
      ("unroll.plan", json(document.plan)),
    ]
    if let threshold { entries.append(("unroll.threshold", "\(threshold)")) }
    if let labels = encoding.labels { entries.append(("unroll.labels", json(labels))) }
    if let vocabulary { entries.append(("unroll.vocabulary", json(vocabulary))) }
    return entries
  }
}

/// Builds the graph of a model: input, layers, read-out, head.
struct ONNXBuilder {
  let model: ModelExport
  var graph: ONNXGraph
  /// [B], the steps that the network reads of each sequence: int64, and as the layers want it.
  var lengths = (int64: "lengths", int32: "")
  /// [T, B, 1], whether a step is no padding; there once it was asked for.
  private var mask: String?

  init(_ model: ModelExport) {
    self.model = model
    graph = ONNXGraph("unroll")
    graph.note =
      model.summary + (model.precisionNote.isEmpty ? "" : "; " + model.precisionNote)
  }

  var plan: ModelPlan { model.network }

  mutating func build() {
    if let forecast = model.encoding.forecast {
      self.forecast(forecast)
    } else {
      let steps = input()
      lengths.int32 = cast(lengths.int64, .int32, as: "lengths_int32")
      result(network(steps))
    }
    graph.inputs.insert(
      ONNXGraph.Value(
        name: "lengths", element: .int64, shape: ["batch"],
        note: "The steps of each sequence, from 1 to the length of the axis time."), at: 1)
  }

  /// What the model puts out, [B, O] or [B, T, O], for steps [T, B, F].
  mutating func network(_ steps: String) -> String {
    var states = steps
    for layer in 0..<plan.layers { states = self.layer(layer, states) }
    return head(readout(states))
  }

  mutating func cast(_ value: String, _ element: ONNXGraph.Element, as name: String) -> String {
    graph.add("Cast", [value], [("to", .integer(element.rawValue))], as: name)
  }

  // MARK: Input

  /// [T, B, F] of the first layer.
  private mutating func input() -> String {
    switch plan.input {
    case .tokens(let vocabulary, let embedding):
      graph.inputs.append(
        ONNXGraph.Value(
          name: "tokens", element: .int64, shape: ["batch", "time"],
          note: "Indices below \(vocabulary); anything below it where a sequence has ended."))
      let table = graph.constant(
        "embedding.weight", [vocabulary, embedding],
        model.parameter("embedding.weight").elements)
      let steps = graph.add("Transpose", ["tokens"], [("perm", .integers([1, 0]))], as: "steps")
      return graph.add("Gather", [table, steps], [("axis", .integer(0))], as: "embedded")
    case .values:
      let (values, marks) = self.values()
      let scaled = joined([scale(values), marks], as: "wide")
      return graph.add(
        "Transpose", [scaled], [("perm", .integers([1, 0, 2]))], as: "steps")
    }
  }

  /// Along the last axis, of what there is.
  mutating func joined(_ parts: [String?], as name: String) -> String {
    let parts = parts.compactMap(\.self)
    return parts.count == 1
      ? parts[0] : graph.add("Concat", parts, [("axis", .integer(-1))], as: name)
  }

  /// Values in the scale of training. In Double, as everywhere in this program.
  mutating func scale(_ values: String) -> String {
    guard let scale = model.encoding.inputScale else { return values }
    let double = cast(values, .double, as: "values_double")
    let means = graph.constant("input.means", numbers: scale.means)
    let centred = graph.add("Sub", [double, means], as: "values_centred")
    let deviations = graph.constant("input.deviations", numbers: scale.deviations)
    let scaled = graph.add("Div", [centred, deviations], as: "values_scaled")
    return cast(scaled, .float, as: "scaled")
  }

  // MARK: Read-out

  /// [T, B, 1]: whether a step is no padding.
  mutating func validSteps(_ states: String) -> String {
    if let mask { return mask }
    let shape = graph.add("Shape", [states], as: "shape")
    let time = graph.add(
      "Gather", [shape, graph.constant("zero", integers: [0], isScalar: true)], as: "time")
    let range = graph.add(
      "Range",
      [
        graph.constant("zero", integers: [0], isScalar: true), time,
        graph.constant("one", integers: [1], isScalar: true),
      ], as: "range")
    let column = graph.add(
      "Unsqueeze", [range, graph.constant("axis_1", integers: [1])], as: "step_numbers")
    let running = graph.add("Less", [column, lengths.int64], as: "running")
    let valid = graph.add(
      "Unsqueeze", [running, graph.constant("axis_2", integers: [2])], as: "valid")
    mask = valid
    return valid
  }

  /// [B, F], or [B, T, F], of [T, B, F].
  private mutating func readout(_ states: String) -> String {
    switch plan.readout {
    case .every:
      return graph.add("Transpose", [states], [("perm", .integers([1, 0, 2]))], as: "features")
    case .last:
      let byBatch = graph.add(
        "Transpose", [states], [("perm", .integers([1, 0, 2]))], as: "states_by_batch")
      let last = graph.add(
        "Sub", [lengths.int64, graph.constant("one", integers: [1], isScalar: true)], as: "last")
      let index = graph.add(
        "Unsqueeze", [last, graph.constant("axis_1", integers: [1])], as: "last_index")
      return graph.add(
        "GatherND", [byBatch, index], [("batch_dims", .integer(1))], as: "features")
    case .mean:
      let masked = masked(states, with: 0)
      let sum = graph.add(
        "ReduceSum", [masked, graph.constant("axis_0", integers: [0])], [("keepdims", .integer(0))],
        as: "sum")
      let counts = cast(lengths.int64, .float, as: "counts")
      let column = graph.add(
        "Unsqueeze", [counts, graph.constant("axis_1", integers: [1])], as: "count_column")
      return graph.add("Div", [sum, column], as: "features")
    case .max:
      let masked = masked(states, with: -.infinity)
      return graph.add(
        "ReduceMax", [masked], [("axes", .integers([0])), ("keepdims", .integer(0))],
        as: "features")
    }
  }

  private mutating func masked(_ states: String, with padding: Float) -> String {
    let valid = validSteps(states)
    return graph.add(
      "Where", [valid, states, graph.constant("padding", [], [padding])], as: "masked")
  }

  // MARK: Head

  private mutating func head(_ features: String) -> String {
    let weight =
      plan.isTied
      ? "embedding.weight"
      : graph.constant(
        "head.weight", [plan.outputs, plan.outputWidth], model.parameter("head.weight").elements)
    let transposed = graph.add(
      "Transpose", [weight], [("perm", .integers([1, 0]))], as: "head_weight")
    let product = graph.add("MatMul", [features, transposed], as: "product")
    let bias = graph.constant(
      "head.bias", [plan.outputs], model.parameter("head.bias").elements)
    return graph.add("Add", [product, bias], as: model.hasClasses ? "logits" : "scaled_numbers")
  }

  /// Probabilities, or numbers in the data's units.
  private mutating func result(_ logits: String) {
    let axes: [ONNXGraph.Length] =
      plan.readout == .every
      ? ["batch", "time", .fixed(plan.outputs)] : ["batch", .fixed(plan.outputs)]
    guard model.hasClasses else {
      let scale = model.encoding.targetScale ?? .identity(width: plan.outputs)
      let double = cast(logits, .double, as: "numbers_double")
      let spread = graph.add(
        "Mul", [double, graph.constant("target.deviations", numbers: scale.deviations)],
        as: "numbers_spread")
      graph.add(
        "Add", [spread, graph.constant("target.means", numbers: scale.means)], as: "numbers")
      graph.outputs = [
        ONNXGraph.Value(
          name: "numbers", element: .double, shape: axes, note: "In the data's units.")
      ]
      return
    }
    let scores = model.hasSigmoids ? sigmoidLogarithms(logits) : logits
    graph.add("Softmax", [scores], [("axis", .integer(-1))], as: "probabilities")
    graph.outputs = [
      ONNXGraph.Value(
        name: "probabilities", element: .float, shape: axes,
        note: "Of the labels, or of the next token, in order."),
      ONNXGraph.Value(name: "logits", element: .float, shape: axes),
    ]
  }

  /// Of which the softmax is each sigmoid's share of their sum: ln σ(x) = -softplus(-x).
  private mutating func sigmoidLogarithms(_ logits: String) -> String {
    let turned = graph.add("Neg", [logits], as: "logits_turned")
    let softened = graph.add("Softplus", [turned], as: "logits_softened")
    return graph.add("Neg", [softened], as: "sigmoid_logarithms")
  }
}

/// Raw values as a model learned to read them: without gaps, and with channels that say where there were any.
extension ONNXBuilder {
  /// The values of the file's input.
  ///
  /// - Returns: The values [B, T, C] without gaps, and [B, T, M] with 1 where one was filled, nil if no channel
  ///   says so.
  mutating func values() -> (values: String, marks: String?) {
    let encoding = model.encoding
    let channels = encoding.channels ?? []
    let isZero = model.document.plan.data.missing == .zero
    var note = "In the data's units: " + channels.joined(separator: ", ") + "."
    if isZero || encoding.features != nil { note += " Not a number where nothing was measured." }
    graph.inputs.append(
      ONNXGraph.Value(
        name: "values", element: .float, shape: ["batch", "time", .fixed(channels.count)],
        note: note))

    var values = "values"
    if isZero {
      let isMissing = graph.add("IsNaN", [values], as: "is_missing")
      values = graph.add(
        "Where", [isMissing, graph.constant("nothing", [], [0]), values], as: "values_or_zero")
    }
    guard let features = encoding.features else { return (values, nil) }
    var marks: String?
    if !features.masked.isEmpty {
      let isFilled = graph.add("IsNaN", [values], as: "is_filled")
      let chosen = picked(isFilled, features.masked, axis: 2, as: "is_filled_masked")
      marks = cast(chosen, .float, as: "marks")
    }
    return (filled(values, features), marks)
  }

  /// The last measured value in place of each that was not: a `Scan` over time, whose state it is.
  private mutating func filled(_ values: String, _ features: ValueFeatures) -> String {
    let width = features.fill.count
    var body = ONNXGraph("fill")
    let step: [ONNXGraph.Length] = ["batch", .fixed(width)]
    func value(_ name: String) -> ONNXGraph.Value {
      ONNXGraph.Value(name: name, element: .float, shape: step)
    }
    body.inputs = [value("last_measured"), value("measured_now")]
    let isMissing = body.add("IsNaN", ["measured_now"], as: "is_missing_now")
    body.add("Where", [isMissing, "last_measured", "measured_now"], as: "last_measured_now")
    body.add("Identity", ["last_measured_now"], as: "filled_now")
    body.outputs = [value("last_measured_now"), value("filled_now")]

    let start = graph.add(
      "Expand", [graph.constant("fill", [width], features.fill), batchShape(width, "fill")],
      as: "fill_start")
    let steps = swapped(values, as: "values_by_step")
    graph.add(
      "Scan", [start, steps],
      [
        ("body", .graph(body)), ("num_scan_inputs", .integer(1)),
        ("scan_input_directions", .integers([0])), ("scan_output_directions", .integers([0])),
      ], giving: ["fill_end", "filled_by_step"])
    return swapped("filled_by_step", as: "filled")
  }

  // MARK: Axes

  /// The rows of an axis that lie at some places.
  mutating func picked(
    _ value: String, _ places: some Sequence<Int>, axis: Int, as name: String
  ) -> String {
    graph.add(
      "Gather", [value, graph.constant("\(name)_places", integers: Array(places))],
      [("axis", .integer(axis))], as: name)
  }

  /// [T, B, F] of [B, T, F], or the other way.
  mutating func swapped(_ value: String, as name: String) -> String {
    graph.add("Transpose", [value], [("perm", .integers([1, 0, 2]))], as: name)
  }

  /// With one more axis of length 1.
  mutating func unsqueezed(_ value: String, axis: Int, as name: String) -> String {
    graph.add(
      "Unsqueeze", [value, graph.constant("axis_\(axis)", integers: [axis])], as: name)
  }
}

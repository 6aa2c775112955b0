internal import Recurrent

/// Forecasts: what lies between the end of a series and a model, and between its answers and numbers in the
/// data's units, as `ForecastInput` and `ForecastEncoding` have it.
///
/// Legend: B series (`batch`), W steps of a window, P steps of a period before it (none without differences),
/// C channels, F features of a step, H predicted steps, Q answers to each.
extension ONNXBuilder {
  mutating func forecast(_ forecast: ForecastEncoding) {
    let window = model.encoding.maximumLength ?? 1
    let period = forecast.period ?? 0
    let calendar = model.encoding.features?.calendar ?? []
    let (values, marks) = self.values()
    graph.inputs[0].note +=
      " At least \(period + window) steps; of more the last ones are read, and what stands in gaps."

    let places = endingPlaces(steps: period + window)
    func latest(_ value: String, as name: String) -> String {
      let ending = ending(value, places, as: "\(name)_ending")
      return period == 0
        ? ending : picked(ending, period..<period + window, axis: 0, as: name)
    }
    let levels = levels(ending(values, places, as: "ending"), forecast)
    var steps: [String?] = [
      scale(changed(latest(values, as: "latest"), levels, forecast, window: window))
    ]
    if let marks { steps.append(latest(marks, as: "marks_latest")) }
    if !calendar.isEmpty {
      graph.inputs.append(
        ONNXGraph.Value(
          name: "times", element: .int64, shape: ["batch", "time"],
          note: "The time of each step, in seconds since 1970 by the clock of the data."))
      let times = latest(unsqueezed("times", axis: 2, as: "times_column"), as: "times_latest")
      steps.append(self.calendar(times, calendar, as: "clock"))
    }
    let seen = joined(steps, as: "window")

    let batch = graph.add("Shape", ["lengths"], as: "batch")
    lengths.int64 = graph.add(
      "Expand", [graph.constant("window_length", integers: [window]), batch],
      as: "window_lengths")
    // A runtime that tidies graphs complains of a cast around a body that is used within it.
    if !forecast.isRecursive { lengths.int32 = cast(lengths.int64, .int32, as: "lengths_int32") }
    let answers =
      forecast.isRecursive
      ? swapped(recursive(seen, forecast, calendar, window: window), as: "answers")
      : graph.add(
        "Reshape",
        [
          network(seen),
          graph.constant("answer_shape", integers: [0, forecast.horizon, forecast.answersPerStep]),
        ], as: "answers")
    restore(answers, levels, forecast, window: window)
  }

  // MARK: The end of a series

  /// [B, S, 1], where the last steps lie.
  private mutating func endingPlaces(steps: Int) -> String {
    let first = graph.add(
      "Sub", ["lengths", graph.constant("ending_length", integers: [steps])], as: "ending_first")
    let column = unsqueezed(first, axis: 1, as: "ending_column")
    let places = graph.add(
      "Add", [column, graph.constant("ending_steps", integers: Array(0..<steps))],
      as: "ending_rows")
    return unsqueezed(places, axis: 2, as: "ending_places")
  }

  /// [S, B, F], the last steps of [B, T, F].
  private mutating func ending(_ value: String, _ places: String, as name: String) -> String {
    let last = graph.add(
      "GatherND", [value, places], [("batch_dims", .integer(1))], as: "\(name)_by_batch")
    return swapped(last, as: name)
  }

  /// The target's values, or their logarithms, [P + W, B, 1] of [P + W, B, C], in Double; nil if the model sees
  /// them as they are.
  private mutating func levels(_ ending: String, _ forecast: ForecastEncoding) -> String? {
    guard forecast.logarithm != .none || forecast.period != nil else { return nil }
    let target = picked(ending, [model.encoding.targetChannel ?? 0], axis: 2, as: "target")
    let double = cast(target, .double, as: "target_double")
    switch forecast.logarithm {
    case .none: return double
    case .log: return graph.add("Log", [double], as: "levels")
    case .log1p:
      let one = graph.constant("number_1.0", numbers: [1])
      return graph.add("Log", [graph.add("Add", [double, one], as: "target_above")], as: "levels")
    }
  }

  /// The channels [W, B, C] with the target's levels, or their differences, in place of its values.
  private mutating func changed(
    _ latest: String, _ levels: String?, _ forecast: ForecastEncoding, window: Int
  ) -> String {
    guard var changed = levels else { return latest }
    if let period = forecast.period {
      let now = picked(changed, period..<period + window, axis: 0, as: "levels_now")
      let before = picked(changed, 0..<window, axis: 0, as: "levels_before")
      changed = graph.add("Sub", [now, before], as: "differences")
    }
    return replacingTarget(latest, cast(changed, .float, as: "target_changed"), [])
  }

  /// The channels of the data with another target, and more behind them.
  private mutating func replacingTarget(
    _ channels: String, _ target: String, _ more: [String?]
  ) -> String {
    let width = model.encoding.channels?.count ?? 1
    let place = model.encoding.targetChannel ?? 0
    let before =
      place == 0 ? nil : picked(channels, 0..<place, axis: 2, as: "\(target)_before")
    let behind =
      place + 1 == width
      ? nil : picked(channels, place + 1..<width, axis: 2, as: "\(target)_behind")
    return joined([before, target, behind] + more, as: "\(target)_channels")
  }

  // MARK: One step after the other

  /// [H, B, 1]: a `Scan` whose state is the window, which each answer joins as the next step's target.
  private mutating func recursive(
    _ seen: String, _ forecast: ForecastEncoding, _ calendar: [CalendarFeature], window: Int
  ) -> String {
    let encoding = model.encoding
    let masked = encoding.features?.masked ?? []
    var marks: String?
    if !masked.isEmpty {
      // What is foretold counts as measured, all else as filled.
      let known = masked.map { $0 == encoding.targetChannel ? Float(0) : 1 }
      let each = graph.add(
        "Expand",
        [graph.constant("next_marks", [known.count], known), batchShape(known.count, "marks")],
        as: "next_marks_each")
      marks = unsqueezed(each, axis: 0, as: "next_marks_step")
    }
    let beat: String
    let now: ONNXGraph.Value
    if calendar.isEmpty {
      // A scan needs something to go over.
      beat = graph.constant("horizon_steps", integers: Array(0..<forecast.horizon))
      now = ONNXGraph.Value(name: "step_now", element: .int64, shape: [])
    } else {
      graph.inputs.append(
        ONNXGraph.Value(
          name: "following", element: .int64, shape: ["batch", .fixed(forecast.horizon)],
          note: "The time of each predicted step, in seconds since 1970."))
      let times = swapped(
        unsqueezed("following", axis: 2, as: "following_column"), as: "following_by_step")
      beat = self.calendar(times, calendar, as: "following_clock")
      now = ONNXGraph.Value(
        name: "clock_now", element: .float, shape: ["batch", .fixed(2 * calendar.count)])
    }

    let around = graph
    graph = ONNXGraph("next_step")
    let state: [ONNXGraph.Length] = [.fixed(window), "batch", .fixed(encoding.inputWidth)]
    graph.inputs = [ONNXGraph.Value(name: "window_before", element: .float, shape: state), now]
    lengths.int32 = cast(lengths.int64, .int32, as: "lengths_int32")
    let answer = network("window_before")
    let last = picked("window_before", [window - 1], axis: 0, as: "last_step")
    let clock = calendar.isEmpty ? nil : unsqueezed("clock_now", axis: 0, as: "clock_step")
    let next = replacingTarget(
      last, unsqueezed(answer, axis: 0, as: "answer_step"), [marks, clock])
    let kept = window == 1 ? nil : picked("window_before", 1..<window, axis: 0, as: "kept_steps")
    graph.add(
      "Concat", [kept, next].compactMap(\.self), [("axis", .integer(0))], as: "window_after")
    graph.outputs = [
      ONNXGraph.Value(name: "window_after", element: .float, shape: state),
      ONNXGraph.Value(name: answer, element: .float, shape: ["batch", 1]),
    ]
    var body = graph
    graph = around
    graph.takeConstants(of: &body)
    graph.add(
      "Scan", [seen, beat],
      [
        ("body", .graph(body)), ("num_scan_inputs", .integer(1)),
        ("scan_input_directions", .integers([0])), ("scan_output_directions", .integers([0])),
      ], giving: ["window_end", "answers_by_step"])
    return "answers_by_step"
  }

  // MARK: Numbers

  /// The outputs, in the data's units, of answers [B, H, Q].
  private mutating func restore(
    _ answers: String, _ levels: String?, _ forecast: ForecastEncoding, window: Int
  ) {
    let horizon = forecast.horizon
    let scale = model.encoding.targetScale ?? .identity(width: 1)
    let shape = [scale.means.count, 1]
    let spread = graph.add(
      "Mul",
      [
        cast(answers, .double, as: "answers_double"),
        graph.constant("target.deviations", shape, numbers: scale.deviations),
      ], as: "answers_spread")
    var numbers = graph.add(
      "Add", [spread, graph.constant("target.means", shape, numbers: scale.means)],
      as: "answers_restored")
    if let levels, let period = forecast.period {
      if forecast.isRecursive, horizon > period { numbers = summed(numbers, period, horizon) }
      let known = picked(levels, (0..<horizon).map { window + $0 % period }, axis: 0, as: "known")
      numbers = graph.add("Add", [numbers, swapped(known, as: "anchors")], as: "answer_levels")
    }
    if forecast.logarithm != .none {
      // A level beyond all sense stands for a number that is finite.
      let bounded = graph.add(
        "Min", [numbers, graph.constant("number_100.0", numbers: [100])], as: "levels_bounded")
      numbers = graph.add("Exp", [bounded], as: "powers")
      if forecast.logarithm == .log1p {
        numbers = graph.add(
          "Sub", [numbers, graph.constant("number_1.0", numbers: [1])], as: "powers_less_one")
      }
    }
    let note = "In the data's units, step after step."
    let result = ONNXGraph.Value(
      name: "numbers", element: .double, shape: ["batch", .fixed(horizon)], note: note)
    guard let quantiles = forecast.quantiles else {
      graph.add(
        "Reshape", [numbers, graph.constant("number_shape", integers: [0, horizon])],
        as: result.name)
      graph.outputs = [result]
      return
    }
    // Neighbours that cross are put in order.
    graph.add(
      "TopK", [numbers, graph.constant("quantile_count", integers: [quantiles.count])],
      [("axis", .integer(-1)), ("largest", .integer(0)), ("sorted", .integer(1))],
      giving: ["quantiles", "quantile_places"])
    graph.add(
      "Gather",
      ["quantiles", graph.constant("middle", integers: [forecast.middle], isScalar: true)],
      [("axis", .integer(2))], as: result.name)
    let listed = quantiles.map { "\($0)" }.joined(separator: ", ")
    graph.outputs = [
      result,
      ONNXGraph.Value(
        name: "quantiles", element: .double,
        shape: ["batch", .fixed(horizon), .fixed(quantiles.count)], note: "\(note) \(listed)."),
    ]
  }

  /// Differences [B, H, 1] each with those a period, two periods and so on before it.
  private mutating func summed(_ differences: String, _ period: Int, _ horizon: Int) -> String {
    let rows = graph.add(
      "Transpose", [differences], [("perm", .integers([0, 2, 1]))], as: "differences_in_row")
    let counted = (0..<horizon * horizon).map { index in
      let (earlier, step) = (index / horizon, index % horizon)
      return earlier <= step && (step - earlier).isMultiple(of: period) ? 1.0 : 0
    }
    let sums = graph.add(
      "MatMul", [rows, graph.constant("earlier", [horizon, horizon], numbers: counted)],
      as: "differences_summed")
    return graph.add("Transpose", [sums], [("perm", .integers([0, 2, 1]))], as: "summed")
  }
}

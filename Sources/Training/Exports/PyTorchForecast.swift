/// What is done to values before a model sees them, beside their scale, and to the answers of a forecast, as
/// `ForecastInput` and `ForecastEncoding` have it.
extension PyTorchScript {
  var forecast: ForecastEncoding? { encoding.forecast }
  private var calendar: [CalendarFeature] { encoding.features?.calendar ?? [] }
  private var masked: [Int] { encoding.features?.masked ?? [] }
  var hasCalendar: Bool { !calendar.isEmpty }
  /// Whether the times of the predicted steps are asked for.
  var hasFollowing: Bool { hasCalendar && forecast?.isRecursive == true }

  /// What is known of values and of a forecast.
  var valueConstants: [String] {
    var lines: [String] = []
    if let features = encoding.features {
      let fill = list(features.fill.map { "\($0)" })
      lines.append("FILL = torch.tensor(\(fill))  # before the first measured value")
      if !masked.isEmpty {
        lines.append(
          "MASKED = \(list(masked.map { "\($0)" }))  # have a channel that says where")
      }
    }
    guard let forecast else { return lines }
    lines.append("TARGET = \(encoding.targetChannel ?? 0)  # its channel")
    lines.append("WINDOW, HORIZON = \(encoding.maximumLength ?? 1), \(forecast.horizon)")
    if let period = forecast.period {
      lines.append("PERIOD = \(period)  # the steps between the two values of a difference")
    }
    if let quantiles = forecast.quantiles {
      lines.append("QUANTILES = \(list(quantiles.map { "\($0)" }))")
      lines.append("MIDDLE = \(forecast.middle)  # the quantile nearest to the median")
    }
    return lines
  }

  private func indented(_ text: String) -> String { text.replacing("\n", with: "\n    ") }

  // MARK: Values

  /// The functions that values need.
  var valueFunctions: [String] {
    var functions: [String] = []
    if encoding.features != nil {
      functions.append(
        """
        def fill(values):
            \"\"\"The last measured value in place of each that was not (nan).\"\"\"
            last, filled = FILL, []
            for step in values:
                last = torch.where(step.isnan(), last, step)
                filled.append(last)
            return torch.stack(filled)
        """)
    }
    if hasCalendar {
      let phases = calendar.map { feature in
        switch feature {
        case .hour: "day"
        case .weekday: "(moment.weekday() + day) / 7"
        case .month: "(moment.month - 1 + (moment.day - 1) / 31) / 12"
        }
      }
      let usesDay = calendar != [.month]
      functions.append(
        """
        def clock(time):
            \"\"\"A time such as 2014-01-31T06:00 as points on circles.\"\"\"
            moment = datetime.fromisoformat(time)
        \(usesDay ? "    day = (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86400\n" : "")\
            phases = \(indented(list(phases)))
            return [turn(2 * math.pi * phase) for phase in phases for turn in (math.sin, math.cos)]
        """)
    }
    return functions
  }

  /// Makes `values` of the words of a line, without gaps, and `marks` of what was filled.
  private var reading: [String] {
    var lines = ["words = line.replace(\",\", \" \").split()"]
    if hasFollowing {
      lines += [
        "following = torch.tensor([clock(time) for time in words[-HORIZON:]])",
        "words = words[:-HORIZON]",
      ]
    }
    if hasCalendar {
      lines += [
        "times = [clock(time) for time in words[:: 1 + len(CHANNELS)]]",
        "words = [word for place, word in enumerate(words) if place % (1 + len(CHANNELS))]",
      ]
    }
    lines += [
      "numbers = [float(word) for word in words]",
      "values = torch.tensor(numbers, dtype=torch.float32).reshape(-1, len(CHANNELS))",
    ]
    if forecast == nil { lines[lines.count - 1] += cut }
    if model.document.plan.data.missing == .zero {
      lines.append("values = torch.where(values.isnan(), 0, values)")
    }
    if !masked.isEmpty { lines.append("marks = values.isnan()[:, MASKED].float()") }
    if encoding.features != nil { lines.append("values = fill(values)") }
    return lines
  }

  /// From a line of the command to the tensor of one sequence of values.
  var valueEncoding: String {
    let scaled = "((values.double() - MEANS) / DEVIATIONS).float()"
    guard let forecast else {
      let result = masked.isEmpty ? scaled : "torch.cat([\(scaled), marks], dim=1)"
      return function(
        "The numbers between spaces or commas, step after step, scaled: [time, channels].",
        reading + ["return \(result)"])
    }
    var lines = reading
    if forecast.logarithm != .none || forecast.period != nil {
      let target = "values[:, TARGET].double()"
      let levels =
        switch forecast.logarithm {
        case .none: target
        case .log: "torch.log(\(target))"
        case .log1p: "torch.log1p(\(target))"
        }
      lines.append("levels = \(levels)")
      if forecast.period == nil {
        lines.append("values[:, TARGET] = levels.float()")
      } else {
        lines += [
          "values = values[PERIOD:]",
          "values[:, TARGET] = (levels[PERIOD:] - levels[:-PERIOD]).float()",
        ]
      }
    }
    lines.append("steps = \(scaled)[-WINDOW:]")
    var parts = ["steps"]
    if !masked.isEmpty { parts.append("marks[-WINDOW:]") }
    if hasCalendar { parts.append("torch.tensor(times[-WINDOW:])") }
    if parts.count > 1 {
      lines.append("steps = torch.cat([\(parts.joined(separator: ", "))], dim=1)")
    }
    lines.append("return \(endings.joined(separator: ", "))")
    return function(
      """
      \(hasCalendar ? "Each step's time and its numbers" : "The numbers"), \
      \(hasFollowing ? "and the times that follow, " : "")between spaces or commas.
      """, lines)
  }

  private func function(_ summary: String, _ lines: [String]) -> String {
    (["def encode(line):", "    \"\"\"\(summary)\"\"\""] + lines.map { "    \($0)" })
      .joined(separator: "\n")
  }

  /// What is known of the end of a series.
  private var endings: [String] {
    ["steps"] + (forecast?.period == nil ? [] : ["levels[-PERIOD:]"])
      + (hasFollowing ? ["following"] : [])
  }

  // MARK: Answers

  /// The functions that answer, for a forecast.
  func forecastAnswers(_ forecast: ForecastEncoding) -> String {
    let names =
      ["windows"] + (forecast.period == nil ? [] : ["known"]) + (hasFollowing ? ["following"] : [])
    let all = "[encode(line) for line in inputs[start : start + batch]]"
    let unpacked =
      names.count == 1 ? "windows = \(all)" : "\(names.joined(separator: ", ")) = zip(*\(all))"
    let results =
      forecast.isRecursive
      ? "walk(network, torch.stack(windows)\(hasFollowing ? ", torch.stack(following)" : ""))"
      : "network(torch.stack(windows), torch.full((len(windows),), WINDOW))"
    let rows = forecast.period == nil ? "results" : "zip(results, known)"
    let row = forecast.period == nil ? "row" : "row, levels"
    let predict = """
      @torch.no_grad()
      def predict(network, inputs, batch=256):
          \"\"\"The answers to inputs, each a dictionary with the names of `unroll predict --json`.\"\"\"
          answers = []
          for start in range(0, len(inputs), batch):
              \(unpacked)
              results = \(results)
              answers += [answer(\(row)) for \(row) in \(rows)]
          return answers
      """
    return ([predict] + (forecast.isRecursive ? [walk] : []) + [answer(forecast)])
      .joined(separator: "\n\n\n")
  }

  /// Predicts one step after the other.
  private var walk: String {
    var (before, more) = ("", "")
    if !masked.isEmpty {
      // What is foretold counts as measured, all else as filled.
      let known = list(masked.map { $0 == encoding.targetChannel ? "0.0" : "1.0" })
      before = "    marks = torch.tensor(\(indented(known)))\n"
      more = "        after[:, 0, len(CHANNELS) : len(CHANNELS) + len(MASKED)] = marks\n"
    }
    if hasCalendar { more += "        after[:, 0, -following.shape[2] :] = following[:, step]\n" }
    return """
      def walk(network, windows\(hasFollowing ? ", following" : "")):
          \"\"\"Each answer joins the window as the next step's target: [batch, HORIZON].\"\"\"
      \(before)    answers = []
          for step in range(HORIZON):
              result = network(windows, torch.full((len(windows),), WINDOW))[:, 0]
              answers.append(result)
              after = windows[:, -1:].clone()
              after[:, 0, TARGET] = result
      \(more)        windows = torch.cat([windows[:, 1:], after], dim=1)
          return torch.stack(answers, dim=1)
      """
  }

  private func answer(_ forecast: ForecastEncoding) -> String {
    var lines = [
      "scaled = row.double().reshape(HORIZON, -1)",
      "numbers = scaled * TARGET_DEVIATIONS[:, None] + TARGET_MEANS[:, None]",
    ]
    if forecast.period != nil {
      lines +=
        forecast.isRecursive
        ? [
          "for step in range(HORIZON):",
          "    numbers[step] += levels[step] if step < PERIOD else numbers[step - PERIOD]",
        ] : ["numbers = numbers + levels[torch.arange(HORIZON) % PERIOD, None]"]
    }
    switch forecast.logarithm {
    case .none: break
    case .log: lines.append("numbers = torch.exp(numbers.clamp(max=100))")
    case .log1p: lines.append("numbers = torch.expm1(numbers.clamp(max=100))")
    }
    if forecast.quantiles == nil {
      lines.append("return {\"numbers\": numbers[:, 0].tolist()}")
    } else {
      // Neighbours that cross are put in order.
      lines += [
        "quantiles = numbers.sort(dim=1).values",
        "return {\"numbers\": quantiles[:, MIDDLE].tolist(), \"quantiles\": quantiles.tolist()}",
      ]
    }
    let parameters = forecast.period == nil ? "row" : "row, levels"
    return """
      def answer(\(parameters)):
          \"\"\"The numbers in the data's units\(forecast.quantiles == nil ? "" : ", and of each step QUANTILES").\"\"\"
      \(lines.map { "    \($0)" }.joined(separator: "\n"))
      """
  }
}

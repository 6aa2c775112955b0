/// Where the parts of a series lie among the steps of all.
struct SeriesRegion {
  /// The first step.
  var first: Int
  /// The first step of validation, of test, and after it.
  var validation: Int
  var test: Int
  var end: Int

  subscript(split: Split) -> Range<Int> {
    switch split {
    case .train: first..<validation
    case .validation: validation..<test
    case .test: test..<end
    }
  }
}

extension DataPlan.Division {
  /// Divides a series by position or by dates.
  ///
  /// With folds, the test part is cut into as many blocks; a fold is tested on one of them, and all
  /// before that block is its past: the origin rolls.
  func region(
    first: Int, steps: Int, times: [Int64]?, horizon: Int
  ) throws(PlanError) -> SeriesRegion {
    let end = first + steps
    func start(
      _ date: String?, _ count: Int?, _ share: Double, before end: Int
    ) -> Int {
      if let date, let time = CalendarTime.seconds(date), let times {
        return min(first + (times.firstIndex { $0 >= time } ?? steps), end)
      }
      let wanted = count ?? Int((Double(steps) * share).rounded())
      return max(end - wanted, min(first + 1, end))
    }
    var region = SeriesRegion(first: first, validation: first, test: first, end: end)
    region.test = start(testFrom, testSteps, test, before: end)
    if let folds {
      let block = (end - region.test) / folds
      try PlanError.require(
        block >= horizon, "data.split.folds",
        found: "\(folds) folds of the \(end - region.test) test steps, \(block) to each",
        allowed: "folds of at least \(horizon) \(horizon == 1 ? "step" : "steps"), the horizon")
      region.test += (fold ?? 0) * block
      region.end = (fold ?? 0) + 1 == folds ? end : region.test + block
    }
    region.validation = start(
      folds == nil ? validationFrom : nil, validationSteps, validation, before: region.test)
    return region
  }
}

extension PreparedData {
  /// Windows over series, divided by position in time: a window belongs to the part in which all
  /// that it predicts lies; what it sees may lie before.
  static func forecast(
    _ dataset: Dataset, _ version: String, _ plan: DataPlan, _ onProgress: () -> Void
  ) throws(PlanError) -> PreparedData {
    guard let channels = dataset.inputs.channels, let name = plan.target,
      let target = channels.firstIndex(of: name), let window = plan.window,
      let horizon = plan.horizon
    else { preconditionFailure("a forecasting plan that was not resolved") }
    var series = try SeriesPreparation(dataset, plan, channels, target: target)
    onProgress()
    try series.scale()
    onProgress()

    func windows(_ split: Split) -> Sequences {
      defer { onProgress() }
      return series.windows(split)
    }
    let (train, validation, test) = (windows(.train), windows(.validation), windows(.test))
    try PlanError.require(
      train.count > 0, "data.window",
      found: "a window of \(window) and a horizon of \(horizon) for \(series.observed.count) steps",
      allowed: "windows and horizons that fit into the training part")
    try series.requireDates(test)
    let each = series.forecast.answersPerStep
    let encoding = Encoding(
      task: .forecast, channels: channels, maximumLength: window, keep: .end,
      inputScale: series.inputScale, targetScale: series.targetScale, targetChannel: target,
      outputs: plan.isRecursive ? 1 : horizon * each, features: series.features,
      forecast: series.forecast)
    return PreparedData(
      plan: plan, datasetVersion: version, encoding: encoding, vocabulary: nil,
      train: train, validation: validation, test: test,
      notes: series.notes(train, validation, test, plan) + gapNotes(dataset.times ?? []))
  }
}

/// That windows count steps, whatever the time between them, where it is not always the same.
private func gapNotes(_ times: [[Int64]]) -> [String] {
  guard let steps = TimeSteps(times), let other = steps.firstOther(times) else { return [] }
  return [
    "steps of \(steps.usual) as a rule, but not \(steps.others) of \(steps.count), the first of them "
      + "\(other): windows count steps, not time"
  ]
}

extension DataPlan {
  /// Whether a model predicts one step at a time.
  var isRecursive: Bool { strategy == .recursive }
}

/// Makes the steps that a forecasting model sees, and what it is to answer.
struct SeriesPreparation {
  private let plan: DataPlan
  private let width: Int
  private let target: Int
  private let window: Int
  /// Where the parts of each series lie.
  private let regions: [SeriesRegion]
  /// Where the whole of each series lies.
  private let spans: [Range<Int>]
  private let times: [Int64]?
  /// The target at each step, in units of the data; not a number where it was not measured.
  let observed: [Float]
  private let filledTarget: [Float]
  private let missing: Int
  /// The steps without gaps, then transformed, then as a model sees them.
  private var steps: [Float]
  private let isFilled: [Bool]

  let features: ValueFeatures?
  private(set) var forecast: ForecastEncoding
  private(set) var inputScale: Scale
  private(set) var targetScale: Scale

  init(
    _ dataset: Dataset, _ plan: DataPlan, _ channels: [String], target: Int
  ) throws(PlanError) {
    self.plan = plan
    self.target = target
    width = channels.count
    window = plan.window ?? 1
    let horizon = plan.horizon ?? 1
    let width = width
    var regions: [SeriesRegion] = []
    var spans: [Range<Int>] = []
    var raw: [Float] = []
    for row in 0..<dataset.count {
      let values = dataset.inputs.values(row)
      regions.append(
        try plan.split.region(
          first: raw.count / width, steps: values.count / width, times: dataset.times?[row],
          horizon: horizon))
      raw += values
      spans.append(regions[row].first..<raw.count / width)
    }
    self.regions = regions
    self.spans = spans
    times = plan.calendar?.isEmpty == false ? dataset.times?.flatMap { $0 } : nil
    observed = stride(from: target, to: raw.count, by: width).map { raw[$0] }
    missing = raw.count { $0.isNaN }

    let calendar = plan.calendar ?? []
    if missing > 0 || !calendar.isEmpty {
      let means = Scale.fitting(
        regions.map { raw[$0.first * width..<$0.validation * width] }, width: width
      ).means
      let gaps = (0..<width).filter { channel in
        stride(from: channel, to: raw.count, by: width).contains { raw[$0].isNaN }
      }
      let features = ValueFeatures(
        masked: plan.missing == .last ? [] : gaps, fill: means.map { Float($0) },
        calendar: calendar)
      var (all, filled) = ([Float](), [Bool]())
      for span in spans {
        let part = features.filled(raw[span.lowerBound * width..<span.upperBound * width])
        all += part.values
        filled += part.isFilled
      }
      (steps, isFilled, self.features) = (all, filled, features)
    } else {
      (steps, isFilled, features) = (raw, [], nil)
    }
    filledTarget = stride(from: target, to: steps.count, by: width).map { [steps] in steps[$0] }

    forecast = ForecastEncoding(
      horizon: horizon, isRecursive: plan.isRecursive, logarithm: plan.logarithm ?? .none,
      period: plan.period, quantiles: plan.quantiles, season: plan.season, naiveError: 0)
    inputScale = .identity(width: width)
    targetScale = .identity(width: 1)
    if let least = forecast.logarithm.lowerBound,
      let wrong = filledTarget.first(where: { !($0 > least) })
    {
      throw PlanError(
        field: "data.log", found: "the value \(wrong) of '\(channels[target])'",
        allowed: "a series whose values are all above \(Int(least))"
          + (least == 0 ? " (log1p takes those above -1)" : ""))
    }
    forecast.naiveError = naiveError
  }

  /// The mean error of the simplest forecast on the training part.
  private var naiveError: Double {
    let distance = forecast.season ?? 1
    var (sum, count) = (0.0, 0)
    for region in regions {
      for step in region.first..<region.validation where step - distance >= region.first {
        let error = abs(Double(observed[step]) - Double(observed[step - distance]))
        if !error.isNaN { (sum, count) = (sum + error, count + 1) }
      }
    }
    return count == 0 ? 0 : sum / Double(count)
  }

  /// The first step that a window may see: a difference needs a period before it.
  private func usable(_ region: SeriesRegion) -> Int { region.first + (forecast.period ?? 0) }

  /// Transforms and scales the steps; the scale is that of the training part.
  mutating func scale() throws(PlanError) {
    var transformed: [Float] = []
    transformed.reserveCapacity(steps.count)
    for span in spans {
      transformed += forecast.transformed(
        Array(steps[span.lowerBound * width..<span.upperBound * width]), width: width,
        target: target)
    }
    steps = []
    inputScale = Scale.fitting(
      regions.compactMap { region in
        let first = usable(region)
        return first < region.validation
          ? transformed[first * width..<region.validation * width] : nil
      }, width: width, plan.scaling ?? .standard)
    steps = inputScale.apply(transformed)
    if let features { steps = features.widened(steps, isFilled, times: times?[...]) }

    guard forecast.period != nil, !forecast.isRecursive else {
      let horizon = forecast.isRecursive ? 1 : forecast.horizon
      targetScale = Scale(
        means: [Double](repeating: inputScale.means[target], count: horizon),
        deviations: [Double](repeating: inputScale.deviations[target], count: horizon))
      return
    }
    // The differences of later steps are larger: each step has a scale of its own.
    var answers: [Float] = []
    forEachWindow(.train) { _, origin in
      for step in 0..<forecast.horizon { answers.append(Float(difference(origin, step))) }
    }
    targetScale = Scale.fitting(
      [answers[...]], width: forecast.horizon, plan.scaling ?? .standard)
  }

  /// What a model that predicts all steps at once is to answer, before scaling; not a number where the
  /// target was not measured.
  private func difference(_ origin: Int, _ step: Int) -> Double {
    let level = forecast.level(Double(observed[origin + step]))
    guard let period = forecast.period else { return level }
    return level - forecast.level(Double(filledTarget[origin - period + step % period]))
  }

  /// Calls `body` with the series and the first predicted step of each window of a part of which at
  /// least one predicted step was measured.
  private func forEachWindow(_ split: Split, _ body: (Int, Int) -> Void) {
    let horizon = split == .train && forecast.isRecursive ? 1 : forecast.horizon
    for (row, region) in regions.enumerated() {
      let part = region[split]
      var origin = max(part.lowerBound, usable(region) + window)
      while origin + horizon <= part.upperBound {
        if observed[origin..<origin + horizon].contains(where: { !$0.isNaN }) { body(row, origin) }
        origin += 1
      }
    }
  }

  /// The windows of a part.
  func windows(_ split: Split) -> Sequences {
    let horizon = split == .train && forecast.isRecursive ? 1 : forecast.horizon
    var (starts, rows, numbers) = ([Int](), [Int](), [Float]())
    forEachWindow(split) { row, origin in
      starts.append(origin - window)
      rows.append(row)
      for step in 0..<horizon {
        // Step by step each difference is that from the step one period before it.
        let answer = forecast.isRecursive ? difference(origin + step, 0) : difference(origin, step)
        let column = forecast.isRecursive ? 0 : step
        numbers.append(
          Float((answer - targetScale.means[column]) / targetScale.deviations[column]))
      }
    }
    return Sequences(
      elements: .values(steps, channels: width + (features?.addedWidth ?? 0)), starts: starts,
      lengths: [Int](repeating: window, count: starts.count),
      answers: .numbers(numbers, width: horizon), rows: rows,
      series: SeriesValues(
        observed: observed, filled: filledTarget, firsts: regions.map(\.first),
        period: forecast.period))
  }

  /// Refuses a date that no series reaches.
  func requireDates(_ test: Sequences) throws(PlanError) {
    guard let date = plan.split.testFrom, test.count == 0 else { return }
    throw PlanError(
      field: "data.split.test", found: date,
      allowed: "a date that leaves at least \(forecast.horizon) steps for the test")
  }

  /// What a person should know.
  func notes(
    _ train: Sequences, _ validation: Sequences, _ test: Sequences, _ plan: DataPlan
  ) -> [String] {
    let fold = plan.split.folds.map { "fold \((plan.split.fold ?? 0) + 1) of \($0): " } ?? ""
    var notes = [
      "\(fold)\(train.count) train, \(validation.count) validation, \(test.count) test windows of "
        + "\(window) steps, divided by position in time",
      "predicting the next \(forecast.horizon) of '\(plan.target ?? "")'"
        + (forecast.isRecursive ? ", one after the other" : ""),
    ]
    if missing > 0 {
      notes.append(
        "\(missing) of \(observed.count * width) values were not measured: the last ones stand for "
          + "them" + (plan.missing == .last ? "" : ", with a channel that says so")
          + "; errors are taken where the target was measured")
    }
    if let season = forecast.season {
      notes.append("seasons of \(season) steps")
    }
    return notes
  }
}

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
  /// Divides a series by position or by dates; `time` finds the step of a date, if there are times.
  ///
  /// With folds, the test part is cut into as many blocks; a fold is tested on one of them, and all
  /// before that block is its past: the origin rolls. Where a block is shorter than the horizon, no fold
  /// tests the series, and none learns from what would have been its test part.
  func region(
    first: Int, steps: Int, horizon: Int, from time: (Int64) -> Int?
  ) -> SeriesRegion {
    let end = first + steps
    func start(
      _ date: String?, _ count: Int?, _ share: Double, before end: Int
    ) -> Int {
      if let date, let found = CalendarTime.seconds(date).flatMap(time) {
        return min(first + found, end)
      }
      let wanted = count ?? Int((Double(steps) * share).rounded())
      return max(end - wanted, min(first + 1, end))
    }
    var region = SeriesRegion(first: first, validation: first, test: first, end: end)
    region.test = start(testFrom, testSteps, test, before: end)
    if let folds {
      let block = (end - region.test) / folds
      if block < horizon {
        region.end = region.test
      } else {
        region.test += (fold ?? 0) * block
        region.end = (fold ?? 0) + 1 == folds ? end : region.test + block
      }
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
    series.scale()
    onProgress()

    func windows(_ split: Split) -> Sequences {
      defer { onProgress() }
      return series.windows(split)
    }
    let (train, validation, test) = (windows(.train), windows(.validation), windows(.test))
    try PlanError.require(
      series.isMeasured, "dataset", found: "no value of '\(name)' in the training part",
      allowed: "a target that was measured there")
    try PlanError.require(
      train.count > 0, "data.window",
      found: "a window of \(window) and a horizon of \(horizon) for "
        + "\(dataset.inputs.lengths.reduce(0, +)) steps",
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
      notes: series.notes(train, validation, test, plan, dataset.names)
        + gapNotes(dataset.times))
  }
}

/// That windows count steps, whatever the time between them, where it is not always the same.
private func gapNotes(_ times: NumberSequences<Int64>?) -> [String] {
  guard let times, let steps = TimeSteps(times), let other = steps.firstOther
  else { return [] }
  return [
    "steps of \(steps.usual) as a rule, but not \(steps.others) of \(steps.count), the first of them "
      + "\(other): windows count steps, not time"
  ]
}

extension DataPlan {
  /// Whether a model predicts one step at a time.
  var isRecursive: Bool { strategy == .recursive }
}

/// Makes the steps that a forecasting model sees, and what it is to answer. It goes over the series piece by
/// piece, so that a long one is never in memory as a whole.
struct SeriesPreparation {
  private let plan: DataPlan
  private let width: Int
  private let target: Int
  private let window: Int
  /// Where the parts of each series lie.
  private let regions: [SeriesRegion]
  private let pieces: SeriesPieces
  private let times: NumberSequences<Int64>?
  private let hasCalendar: Bool
  /// The target at each step, in units of the data; not a number where it was not measured.
  private let observed: NumberSequences<Float>
  /// The same, with the last measured value where there is none.
  private let filled: NumberSequences<Float>
  private let missing: Int
  /// The steps as a model sees them.
  private var steps = NumberSequences<Float>([])

  let features: ValueFeatures?
  private(set) var forecast: ForecastEncoding
  private(set) var inputScale: Scale
  private(set) var targetScale: Scale

  init(
    _ dataset: Dataset, _ plan: DataPlan, _ channels: [String], target: Int
  ) throws(PlanError) {
    self.plan = plan
    self.target = target
    let width = channels.count
    let horizon = plan.horizon ?? 1
    (self.width, window) = (width, plan.window ?? 1)
    var regions: [SeriesRegion] = []
    var first = 0
    for (row, length) in dataset.inputs.lengths.enumerated() {
      regions.append(
        plan.split.region(first: first, steps: length, horizon: horizon) { time in
          dataset.times?.firstPlace(in: row, from: time)
        })
      first += length
    }
    self.regions = regions
    if let folds = plan.split.folds, regions.allSatisfy({ $0[.test].isEmpty }) {
      let most = zip(regions, dataset.inputs.lengths).map { $0.first + $1 - $0.test }.max() ?? 0
      throw PlanError(
        field: "data.split.folds",
        found: "\(folds) folds of the \(most) test steps"
          + (regions.count == 1 ? "" : " of the longest series") + ", \(most / folds) to each",
        allowed: "folds of at least \(horizon) \(horizon == 1 ? "step" : "steps"), the horizon")
    }
    times = dataset.times
    hasCalendar = plan.calendar?.isEmpty == false
    let raw = SeriesPieces(dataset.inputs, width: width)

    let observed = NumberWriter<Float>(capacity: first)
    var gaps = [Int](repeating: 0, count: width)
    for piece in raw {
      for (offset, value) in piece.values.enumerated() where value.isNaN {
        gaps[offset % width] += 1
      }
      observed.append(contentsOf: piece.channel(target, of: width))
    }
    self.observed = NumberSequences(observed)
    missing = gaps.reduce(0, +)

    let calendar = plan.calendar ?? []
    if missing > 0 || !calendar.isEmpty {
      let means = Scale.fitting(
        raw.slices { regions[$0].first..<regions[$0].validation }, width: width
      ).means
      features = ValueFeatures(
        masked: plan.missing == .last ? [] : gaps.indices.filter { gaps[$0] > 0 },
        fill: means.map { Float($0) }, calendar: calendar)
    } else {
      features = nil
    }
    pieces = SeriesPieces(dataset.inputs, width: width, features)
    if gaps[target] > 0 {
      let filled = NumberWriter<Float>(capacity: first)
      for piece in pieces { filled.append(contentsOf: piece.channel(target, of: width)) }
      self.filled = NumberSequences(filled)
    } else {
      filled = self.observed
    }

    forecast = ForecastEncoding(
      horizon: horizon, isRecursive: plan.isRecursive, logarithm: plan.logarithm ?? .none,
      period: plan.period, quantiles: plan.quantiles, season: plan.season, naiveError: 0)
    inputScale = .identity(width: width)
    targetScale = .identity(width: 1)
    if let least = forecast.logarithm.lowerBound,
      let wrong = (0..<first).lazy.map({ [filled] in filled[value: $0] }).first(where: {
        !($0 > least)
      })
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
        let error = abs(Double(observed[value: step]) - Double(observed[value: step - distance]))
        if !error.isNaN { (sum, count) = (sum + error, count + 1) }
      }
    }
    return count == 0 ? 0 : sum / Double(count)
  }

  /// Whether the target was ever measured in the training part.
  var isMeasured: Bool {
    regions.contains { region in
      (region.first..<region.validation).contains { !observed[value: $0].isNaN }
    }
  }

  /// The first step that a window may see: a difference needs a period before it.
  private func usable(_ region: SeriesRegion) -> Int { region.first + (forecast.period ?? 0) }

  /// The steps of a piece with the target's logarithms and differences.
  private func transformed(_ piece: SeriesPieces.Piece) -> [Float] {
    let known = max(regions[piece.row].first, piece.steps.lowerBound - (forecast.period ?? 0))
    return forecast.transformed(
      piece.values, width: width, target: target,
      after: filled[values: known..<piece.steps.lowerBound])
  }

  /// Transforms and scales the steps; the scale is that of the training part.
  mutating func scale() {
    let fitted = pieces.slices({ [self] in transformed($0) }) { [self] row in
      let first = usable(regions[row])
      return first..<max(first, regions[row].validation)
    }
    inputScale = Scale.fitting(fitted, width: width, plan.scaling ?? .standard)
    let steps = NumberWriter<Float>(
      capacity: observed.length(0) * (width + (features?.addedWidth ?? 0)))
    for piece in pieces {
      let scaled = inputScale.apply(transformed(piece))
      steps.append(
        contentsOf: features?.widened(
          scaled, piece.isFilled,
          times: hasCalendar ? times.map { $0[values: piece.steps][...] } : nil) ?? scaled)
    }
    self.steps = NumberSequences(steps)

    guard forecast.period != nil, !forecast.isRecursive else {
      let horizon = forecast.isRecursive ? 1 : forecast.horizon
      targetScale = Scale(
        means: [Double](repeating: inputScale.means[target], count: horizon),
        deviations: [Double](repeating: inputScale.deviations[target], count: horizon))
      return
    }
    // The differences of later steps are larger: each step has a scale of its own.
    let asked = answers(.train, scale: .identity(width: forecast.horizon))
    let training = windows(.train)
    targetScale = Scale.fitting(
      training.starts.indices.lazy.map { asked.numbers(training.origin($0))[...] },
      width: forecast.horizon, plan.scaling ?? .standard)
  }

  private func answers(_ split: Split, scale: Scale) -> ForecastAnswers {
    ForecastAnswers(
      forecast: forecast, width: predicted(split), scale: scale, observed: observed, filled: filled,
      firsts: regions.map(\.first), times: times)
  }

  /// How many steps are asked of a window: one after the other is learned step by step.
  private func predicted(_ split: Split) -> Int {
    split == .train && forecast.isRecursive ? 1 : forecast.horizon
  }

  /// Calls `body` with the series and the first predicted step of each window of a part of which at
  /// least one predicted step was measured.
  private func forEachWindow(_ split: Split, _ body: (Int, Int) -> Void) {
    let horizon = predicted(split)
    for (row, region) in regions.enumerated() {
      let part = region[split]
      var origin = max(part.lowerBound, usable(region) + window)
      var measured = origin
      while origin + horizon <= part.upperBound {
        measured = max(measured, origin)
        while measured < part.upperBound, observed[value: measured].isNaN { measured += 1 }
        if measured < origin + horizon { body(row, origin) }
        origin += 1
      }
    }
  }

  /// The windows of a part.
  func windows(_ split: Split) -> Sequences {
    let room = regions.reduce(0) { $0 + $1[split].count }
    let (starts, rows) = (NumberWriter<Int>(capacity: room), NumberWriter<Int>(capacity: room))
    forEachWindow(split) { row, origin in
      starts.append(origin - window)
      rows.append(row)
    }
    return Sequences(
      elements: .values(steps, channels: width + (features?.addedWidth ?? 0)),
      starts: IndexColumn(starts),
      lengths: IndexColumn(repeatElement(window, count: rows.count)),
      answers: .forecast(answers(split, scale: targetScale)), rows: IndexColumn(rows))
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
    _ train: Sequences, _ validation: Sequences, _ test: Sequences, _ plan: DataPlan,
    _ names: [String]?
  ) -> [String] {
    let fold = plan.split.folds.map { "fold \((plan.split.fold ?? 0) + 1) of \($0): " } ?? ""
    var notes = [
      "\(fold)\(train.count) train, \(validation.count) validation, \(test.count) test windows of "
        + "\(window) steps, divided by position in time",
      "predicting the next \(forecast.horizon) of '\(plan.target ?? "")'"
        + (forecast.isRecursive ? ", one after the other" : ""),
    ]
    /// That series have few steps in a part, and what comes of it.
    func told(_ few: [Int], _ least: Int, _ part: String, _ effect: String) -> String {
      let called = names.map { names in
        ": " + few.prefix(12).map { "'\(names[$0])'" }.joined(separator: ", ")
          + (few.count > 12 ? ", …" : "")
      }
      return "\(few.count) of \(regions.count) series \(few.count == 1 ? "has" : "have") less than "
        + "\(least) steps in the \(part) part, and \(effect)" + (called ?? "")
    }
    let least = (forecast.period ?? 0) + window + predicted(.train)
    let short = regions.indices.filter { regions[$0].validation - regions[$0].first < least }
    if !short.isEmpty, regions.count > 1 {
      notes.append(
        told(
          short, least, "training", "nothing is learnt from \(short.count == 1 ? "it" : "them")"))
    }
    let untested = regions.indices.filter { regions[$0][.test].isEmpty }
    if let folds = plan.split.folds, !untested.isEmpty {
      notes.append(
        told(
          untested, folds * forecast.horizon, "test",
          "\(untested.count == 1 ? "is" : "are") tested in no fold"))
    }
    if missing > 0 {
      notes.append(
        "\(missing) of \(observed.length(0) * width) values were not measured: the last ones stand for "
          + "them" + (plan.missing == .last ? "" : ", with a channel that says so")
          + "; errors are taken where the target was measured")
    }
    if let season = forecast.season {
      notes.append("seasons of \(season) steps")
    }
    if let quantiles = forecast.quantiles, abs(quantiles[forecast.middle] - 0.5) > 0.05 {
      notes.append(
        "no quantile is near 0.5: the forecast, and its errors, are those of "
          + "\(quantiles[forecast.middle])")
    }
    return notes
  }
}

extension Dataset {
  /// The task that a plan gets when it names none.
  public var inferredTask: DataPlan.Task {
    switch (targets, inputs) {
    case (.labels, _): .classify
    case (.numbers, _): .regress
    case (.steps, _): .tag
    case (.none, .values), (.none, .bytes): .forecast
    case (.none, _): .language
    }
  }
}

extension DataPlan {
  /// The plan with everything filled in that the dataset decides, and without what has no effect.
  ///
  /// Its ``maximumLength`` and ``maximumVocabulary`` stay nil where there is no limit.
  public func resolved(for dataset: Dataset) throws(PlanError) -> DataPlan {
    try validate()
    var plan = self
    let inferred = dataset.inferredTask
    let task = task ?? inferred
    plan.task = task
    let fits: Bool
    switch task {
    case .classify, .regress, .tag: fits = task == inferred
    case .forecast: fits = dataset.inputs.kind == "values"
    case .language: fits = dataset.inputs.kind != "values"
    }
    try PlanError.require(
      fits, "data.task",
      found: "\(task.rawValue) for \(dataset.inputs.kind) with target \(dataset.targets.kind)",
      allowed: inferred.rawValue)

    let isText = dataset.inputs.kind == "text"
    if isText {
      let tokens = tokens ?? (inferred == .language ? .characters : .words)
      plan.tokens = tokens
      plan.minimumCount = minimumCount ?? (tokens == .words ? 2 : 1)
      plan.maximumLength = maximumLength ?? (tokens == .words || task == .language ? 64 : 256)
    } else {
      for (isAbsent, field) in [
        (tokens == nil, "tokens"), (minimumCount == nil, "minimum_count"),
        (maximumVocabulary == nil, "maximum_vocabulary"),
      ] {
        try PlanError.require(
          isAbsent, "data.\(field)", found: "a setting of texts for \(dataset.inputs.kind)",
          allowed: "nothing")
      }
      if task == .language { plan.maximumLength = maximumLength ?? 64 }
    }
    try PlanError.require(
      missing == nil || dataset.inputs.channels != nil, "data.missing",
      found: "a setting of numbers for \(dataset.inputs.kind)", allowed: "nothing")
    if let channels = dataset.inputs.channels {
      let isPicture = dataset.inputs.isBytes
      plan.scaling = scaling ?? (isPicture ? .joint : .standard)
      if task == .forecast {
        try PlanError.require(
          maximumLength == nil, "data.maximum_length", found: "a length for the task forecast",
          allowed: "nothing: data.window is the length")
        plan.window = window ?? 24
        plan.horizon = horizon ?? 1
        plan.target = try channel(in: channels)
        try plan.resolveForecast(dataset)
      }
    } else {
      try PlanError.require(
        task == .regress || scaling == nil || scaling == Scaling.none, "data.scaling",
        found: "a setting of numbers for \(dataset.inputs.kind)", allowed: "nothing")
      plan.scaling = task == .regress ? scaling ?? .standard : nil
    }
    if task != .forecast {
      try refuseForecastSettings(task)
      plan.window = nil
      plan.horizon = nil
      plan.target = nil
      plan.season = nil
    }
    plan.keep = keep ?? .start
    let hasTarget = task == .classify || task == .regress || task == .tag
    plan.deduplicate = deduplicate ?? (isText && hasTarget)
    try PlanError.require(
      split.stratify != true || task == .classify, "data.split.stratify",
      found: "true, for the task \(task.rawValue)",
      allowed: "false: only labels of whole examples have shares")
    plan.split.stratify = task == .classify && (split.stratify ?? true)
    let hasSplits = dataset.splits != nil && task != .forecast
    plan.split.source = split.source ?? (hasSplits ? .file : .fractions)
    try PlanError.require(
      plan.split.source == .fractions || hasSplits, "data.split.source",
      found: task == .forecast ? "file, for a series" : "file, and a dataset without splits",
      allowed: "fractions")
    try PlanError.require(
      split.folds == nil || plan.split.source == .fractions, "data.split.folds",
      found: "folds, where the dataset says what is the test",
      allowed: "nothing, or split.source: fractions")
    return plan
  }

  private func channel(in channels: [String]) throws(PlanError) -> String {
    guard let target else { return channels[channels.count - 1] }
    if channels.contains(target) { return target }
    if let number = Int(target), channels.indices.contains(number - 1) {
      return channels[number - 1]
    }
    throw PlanError(
      field: "data.target", found: target.quoted,
      allowed: target.nearest(in: channels).prefix(12).joined(separator: ", "))
  }
}

extension DataPlan {
  /// The steps between the two values of a difference; nil if values are predicted.
  var period: Int? {
    switch difference ?? .none {
    case .none: nil
    case .first: 1
    case .seasonal: season
    }
  }

  /// Fills in what belongs to forecasts, and refuses what does not go together.
  fileprivate mutating func resolveForecast(_ dataset: Dataset) throws(PlanError) {
    try PlanError.require(
      deduplicate != true, "data.deduplicate", found: "true, for a series", allowed: "false")
    season = season ?? dataset.season
    try PlanError.require(
      difference != .seasonal || season != nil, "data.season", found: "no season",
      allowed: "the steps of a season, for differences between seasons")
    let hasTimes = dataset.times != nil
    for (date, field) in [
      (split.testFrom, "data.split.test"), (split.validationFrom, "data.split.validation"),
    ] {
      try PlanError.require(
        date == nil || hasTimes, field, found: "the date \(date ?? "") for a series without times",
        allowed: "a fraction or a number of steps (or import the times with the series)")
    }
    try PlanError.require(
      calendar?.isEmpty != false || hasTimes, "data.calendar", found: "a series without times",
      allowed: "a series that was imported with its times")
    try PlanError.require(
      quantiles == nil || strategy != .recursive, "data.strategy",
      found: "recursive, with quantiles",
      allowed: "direct: a quantile of a later step does not follow from that of the step before")
    try PlanError.require(
      split.folds == nil || split.validationFrom == nil, "data.split.validation",
      found: "a date, with folds", allowed: "a fraction or a number of steps before each fold")
  }

  /// Refuses what only forecasts have.
  fileprivate func refuseForecastSettings(_ task: Task) throws(PlanError) {
    func require(_ isAbsent: Bool, _ field: String) throws(PlanError) {
      try PlanError.require(
        isAbsent, "data.\(field)", found: "a setting of forecasts for the task \(task.rawValue)",
        allowed: "nothing, or the task forecast")
    }
    try require(window == nil, "window")
    try require(horizon == nil, "horizon")
    try require(target == nil, "target")
    try require(season == nil, "season")
    try require(logarithm == nil || logarithm == Logarithm.none, "log")
    try require(difference == nil || difference == Difference.none, "difference")
    try require(calendar?.isEmpty != false, "calendar")
    try require(strategy != .recursive, "strategy")
    try require(quantiles == nil, "quantiles")
    try PlanError.require(
      split.folds == nil || task != .language, "data.split.folds",
      found: "folds of a long text", allowed: "folds of examples, or of a series")
    try PlanError.require(
      !split.isOfTime,
      split.testSteps != nil || split.testFrom != nil
        ? "data.split.test" : "data.split.validation",
      found: "steps or a date for the task \(task.rawValue)",
      allowed: "a fraction from 0 up to, but not including, 1")
  }
}

extension Dataset {
  /// The steps of a season, where the times tell it: a day of minutes or hours, a week of days or of days of
  /// work, a year of months or quarters.
  var season: Int? {
    guard let times, let steps = TimeSteps(times), steps.count > 1 else { return nil }
    let day = 86_400 as Int64
    switch steps.usual {
    case .seconds(day): return steps.areWorkDays ? 5 : 7
    case .seconds(let seconds) where seconds >= 60 && seconds < day && day % seconds == 0:
      return Int(day / seconds)
    case .seconds(28 * day...31 * day): return 12
    case .months(let months) where months < 12 && 12 % months == 0: return 12 / months
    default: return nil
    }
  }
}

extension Dataset.Inputs {
  /// Whether the values are kept as bytes.
  var isBytes: Bool {
    if case .bytes = self { return true }
    return false
  }
}

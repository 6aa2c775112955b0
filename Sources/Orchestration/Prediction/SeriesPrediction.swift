public import Training

/// Goes on with the series of a file: a row for each step after their ends.
public struct SeriesPrediction {
  private let ensemble: Ensemble
  private let forecast: ForecastEncoding
  private var encoding: Encoding { ensemble.encoding }

  /// Prepares to go on; nil if the models do not forecast.
  ///
  /// - Parameter artifacts: The models, whose answers are averaged, each with its artifacts by name.
  /// - Throws: `ArtifactError`.
  public init?(_ artifacts: [[String: [UInt8]]]) throws {
    self.init(try Ensemble(artifacts))
  }

  /// Prepares to go on; nil if the models do not forecast.
  public init?(_ ensemble: Ensemble) {
    self.ensemble = ensemble
    guard let forecast = ensemble.encoding.forecast else { return nil }
    self.forecast = forecast
  }

  /// How a file is read.
  ///
  /// - Parameters:
  ///   - form: csv or tsv.
  ///   - columns: What is said of the file.
  ///   - known: How the dataset was read that the models learned from, if that is known.
  /// - Returns: The options.
  /// - Throws: `SystemError` if the models need times and no column of them is known.
  public func options(
    _ form: RecordReader.Form, _ columns: FileColumns, known: ImportOptions?
  ) throws(SystemError) -> ImportOptions {
    let isSeries =
      known.map { [.csv, .tsv].contains($0.format) && $0.text == nil && $0.label == nil } ?? false
    var options = (isSeries ? known : nil) ?? ImportOptions(format: .csv)
    options.format = form == .tsv ? .tsv : .csv
    if !columns.time.isEmpty { options.time = columns.time }
    if !columns.categories.isEmpty { options.categories = columns.categories }
    if let series = columns.series { options.series = series }
    if let header = columns.header { options.header = header }
    if !columns.values.isEmpty {
      options.values = columns.values
    } else if !isSeries {
      options.values = (encoding.channels ?? []).filter { channel in
        !options.categories.contains { channel.hasPrefix("\($0)=") }
      }
    }
    options.missing = ensemble.readsGaps ? .keep : .refuse
    options.bytes = false
    guard encoding.features?.calendar.isEmpty != false || !options.time.isEmpty else {
      throw SystemError(
        "--time: found nothing, allowed: the column of the times, since the model reads the calendar"
      )
    }
    return options
  }

  /// Goes on with the series of a file.
  ///
  /// - Parameters:
  ///   - bytes: The content of the file.
  ///   - file: What messages call it.
  ///   - options: How it is read.
  ///   - output: csv, tsv or jsonl.
  ///   - onNote: Takes what a person should know of a file that is right, a line: which series are too
  ///     short to go on with.
  /// - Returns: The answers, and how many steps of how many series they are.
  /// - Throws: `ImportError` with the line, `SystemError` if all series are too short, or if one has values
  ///   for which there is no finite answer.
  public func run(
    _ bytes: [UInt8], file: String, options: ImportOptions, to output: RecordReader.Form,
    onNote: (String) -> Void = { _ in }
  ) throws -> (lines: [UInt8], steps: Int, series: Int) {
    let channels = encoding.channels ?? []
    let series = try SeriesFile(bytes, file: file, options: options, channels: channels)
    let least = (encoding.maximumLength ?? 1) + (forecast.period ?? 0)
    let counts = series.values.map { $0.count / channels.count }
    let numbers = counts.indices.filter { counts[$0] >= least }
    guard !numbers.isEmpty else {
      throw Self.refusal(
        file, series.names.first ?? "", "\(counts.first ?? 0) steps", "at least \(least)")
    }
    let short = counts.indices.filter { counts[$0] < least }
    if !short.isEmpty { onNote(Self.note(short.map { (series.names[$0], counts[$0]) }, least)) }
    let predictions = try ensemble.finitePredictions(
      .values(
        numbers.map { series.values[$0] },
        times: series.times.map { times in numbers.map { times[$0] } }))
    var table = AnswerTable(output)
    for (number, prediction) in zip(numbers, predictions) {
      guard let prediction else {
        throw Self.refusal(
          file, series.names[number], Ensemble.unanswered.found, Ensemble.unanswered.allowed)
      }
      let times = series.times(after: number, count: forecast.horizon)
      for (step, answer) in (prediction.numbers ?? []).enumerated() {
        var row: [AnswerTable.Cell] = []
        if options.series != nil { row.append(.init("series", text: series.names[number])) }
        if let times { row.append(.init("time", text: times[step])) }
        row.append(.init("step", number: "\(step + 1)"))
        row.append(.init("prediction", number: "\(answer)"))
        for (quantile, value) in zip(forecast.quantiles ?? [], prediction.quantiles?[step] ?? []) {
          row.append(.init("quantile_\(quantile)", number: "\(value)"))
        }
        table.append(row)
      }
    }
    return (table.lines, forecast.horizon * predictions.count, predictions.count)
  }

  /// What is wrong with a series, which has a name if the file says so.
  private static func refusal(
    _ file: String, _ name: String, _ found: String, _ allowed: String
  ) -> SystemError {
    SystemError(
      "\(file): \(name.isEmpty ? "" : "series '\(name)': ")found \(found), allowed: \(allowed)")
  }

  /// Which series are too short, on one line.
  private static func note(_ short: [(name: String, steps: Int)], _ least: Int) -> String {
    let most = 12
    var parts = short.prefix(most).enumerated().map { place, series in
      let name = "'\(series.name)': \(series.steps) \(series.steps == 1 ? "step" : "steps")"
      return place == 0 ? "series \(name)" : name
    }
    if short.count > most { parts.append("and \(short.count - most) more") }
    return parts.joined(separator: ", ") + ", at least \(least) are needed: no forecast"
  }
}

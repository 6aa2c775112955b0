public import Training

/// Goes on with the series of a file: a row for each step after their ends.
public struct SeriesPrediction {
  /// What a user says of a file of series; what is empty is as it was when the dataset was imported.
  public struct Columns: Sendable {
    /// The columns of the channels.
    public var values: [String] = []
    /// The columns of the time.
    public var time: [String] = []
    /// The column that tells several series apart.
    public var series: String?
    /// The columns of names, of which each becomes a channel.
    public var categories: [String] = []
    /// Whether the first line names the columns.
    public var header: Bool?

    /// Nothing is said.
    public init() {}

    /// Whether anything is said.
    public var isEmpty: Bool {
      values.isEmpty && time.isEmpty && series == nil && categories.isEmpty && header == nil
    }
  }

  private let ensemble: Ensemble
  private let forecast: ForecastEncoding
  private var encoding: Encoding { ensemble.encoding }

  /// Prepares to go on; nil if the models do not forecast.
  ///
  /// - Parameter artifacts: The models, whose answers are averaged, each with its artifacts by name.
  /// - Throws: `ArtifactError`.
  public init?(_ artifacts: [[String: [UInt8]]]) throws {
    ensemble = try Ensemble(artifacts)
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
    _ form: RecordReader.Form, _ columns: Columns, known: ImportOptions?
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
  /// - Returns: The answers, and how many steps of how many series they are.
  /// - Throws: `ImportError` with the line, `SystemError` for a series that is too short.
  public func run(
    _ bytes: [UInt8], file: String, options: ImportOptions, to output: RecordReader.Form
  ) throws -> (lines: [UInt8], steps: Int, series: Int) {
    let channels = encoding.channels ?? []
    let series = try SeriesFile(bytes, file: file, options: options, channels: channels)
    let least = (encoding.maximumLength ?? 1) + (forecast.period ?? 0)
    for (name, values) in zip(series.names, series.values)
    where values.count / channels.count < least {
      throw SystemError(
        "\(file): \(name.isEmpty ? "" : "series '\(name)': ")found "
          + "\(values.count / channels.count) steps, allowed: at least \(least)")
    }
    let predictions = try ensemble.predict(.values(series.values, times: series.times))
    var table = AnswerTable(output)
    for (number, prediction) in predictions.enumerated() {
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
}

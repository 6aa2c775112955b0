public import Training

/// What a user says of the columns of a file that a model is asked about; what is empty is as it was when the
/// dataset was imported.
public struct FileColumns: Sendable {
  /// The columns of the values: of a series the channels, else the steps of an example.
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
  public var isEmpty: Bool { values.isEmpty && header == nil && !isOfSeries }

  /// Whether something is said that only a file of series has.
  var isOfSeries: Bool { !time.isEmpty || series != nil || !categories.isEmpty }
}

extension Ensemble {
  /// How a file is read of which each row is an example of values: a `.ts` file, or a table whose value
  /// columns are named or were so when the dataset was imported.
  ///
  /// - Parameters:
  ///   - path: The name of the file.
  ///   - columns: What is said of the file.
  ///   - known: How the dataset was read that the models learned from, if that is known.
  /// - Returns: The options; nil if the models read something else, or each row is one field.
  public func rowOptions(
    path: String, _ columns: FileColumns, known: ImportOptions?
  ) -> ImportOptions? {
    guard let channels = encoding.channels, encoding.task != .forecast else { return nil }
    let form = RecordReader.Form(path: path)
    var options: ImportOptions
    if form.isTable, !columns.isOfSeries {
      let wasTable =
        known.map { [.csv, .tsv].contains($0.format) && !$0.values.isEmpty } ?? false
      options = (wasTable ? known : nil) ?? ImportOptions(format: .csv)
      options.format = form == .tsv ? .tsv : .csv
      if !columns.values.isEmpty { options.values = columns.values }
      if let header = columns.header { options.header = header }
      guard !options.values.isEmpty else { return nil }
    } else if ValueRows.isSeriesFile(path), columns.isEmpty {
      options = ImportOptions(format: .ts)
    } else {
      return nil
    }
    options.channels = channels.count
    options.missing = readsGaps ? .keep : .refuse
    options.bytes = false
    return options
  }
}

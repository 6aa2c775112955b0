/// What the rows of a user's file hold for a model of values, where each is an example: the columns of a
/// table or the cases of a `.ts` file, as an import reads them. Nothing needs to say what the answers are.
public struct ValueRows: Sendable {
  /// What a row holds.
  public struct Example: Hashable, Sendable {
    /// The values, step by step.
    public let values: [Float]
    /// What the file itself says that the answer is, if it does.
    public let answer: String?
  }

  private enum Kind {
    /// The first row, which all others are like, and the columns of the values.
    case table(TableRow, [TableReader.Column])
    /// The lines that say how the cases are to be read, and the first case: all others are like it.
    case cases([Record])
  }

  private let source: SourceFile
  private let options: ImportOptions
  private let kind: Kind
  /// The row that names the columns of a table, if there is one.
  public let header: Record?
  /// What the answers are that a `.ts` file holds: `label` or `target`; nil if it holds none.
  public let answerName: String?

  /// Whether the rows are those of a table.
  public var isTable: Bool { options.format != .ts }

  /// Whether a file is a `.ts` file, packed or not, as its name says.
  public static func isSeriesFile(_ path: String) -> Bool {
    let name = path.lowercased()
    return name.hasSuffix(".ts") || name.hasSuffix(".ts.gz")
  }

  /// Reads what stands before the first example.
  ///
  /// - Parameters:
  ///   - records: The file, at its beginning; afterwards at its first example.
  ///   - file: What messages call it.
  ///   - options: How it is read: csv, tsv or ts, with as many channels as the model has.
  ///   - reserved: Names that no column may have, since the answers get them.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed; or what reading throws.
  public init(
    _ records: inout RecordReader, file: String, options: ImportOptions, reserved: [String]
  ) throws {
    source = SourceFile(file: file)
    self.options = options
    guard options.format != .ts else {
      header = nil
      let head = try Self.head(&records, source)
      kind = .cases(head)
      answerName = try Self.answerName(head, source, options)
      return
    }
    answerName = nil
    guard let first = try records.peek() else { throw source.empty(records) }
    let row = try TableRows.row(first, options.form, source, like: nil)
    kind = .table(row, try TableReader(source, options).columnsOfExamples(row))
    guard options.hasHeader else {
      header = nil
      return
    }
    if let taken = row.fields.first(where: { reserved.contains(String($0.trimmed)) }) {
      throw RecordColumn.taken(String(taken.trimmed), "column", file, first)
    }
    header = try records.nextRecord()
  }

  /// Whether a row is an example: between those of a `.ts` file there may be remarks, and what says once more
  /// that cases begin.
  public func isExample(_ record: Record) -> Bool {
    guard !isTable else { return true }
    let line = String(decoding: record.bytes, as: UTF8.self).trimmed
    return !Self.isRemark(line) && line.lowercased() != "@data"
  }

  /// What rows hold.
  ///
  /// - Parameter records: Rows that are examples.
  /// - Returns: An example for each.
  /// - Throws: ``ImportError`` with the line of the first that is not as it should be.
  public func examples(_ records: some Collection<Record>) throws -> [Example] {
    switch kind {
    case .table(let first, let columns):
      let reader = TableReader(source, options)
      return try records.map { record in
        let row = try TableRows.row(record, options.form, source, like: first)
        return Example(values: try reader.steps(row, columns), answer: nil)
      }
    case .cases(let head):
      // Read behind the head of the file, and its first case, they are held against what these say.
      let examples = try Self.read(head + records, source, options)
      let answers = examples.labels.isEmpty ? examples.numbers.map { "\($0)" } : examples.labels
      let values = try examples.values.finish()
      precondition(values.count == records.count + 1, "a line that is no remark is a case")
      return try zip(records, values.indices.dropFirst()).map { record, place in
        try checkGaps(values[place], record)
        return Example(values: values[place], answer: answers.isEmpty ? nil : answers[place])
      }
    }
  }

  /// The lines of a `.ts` file down to its first case, without remarks. What is wrong with them is told
  /// when they are read.
  private static func head(
    _ records: inout RecordReader, _ source: SourceFile
  ) throws -> [Record] {
    var head: [Record] = []
    while let record = try records.peek() {
      let line = try RecordColumn.decoded(record, source.file).trimmed
      if !isRemark(line) { head.append(record) }
      guard isRemark(line) || line.hasPrefix("@") else { break }
      _ = try records.nextRecord()
    }
    guard records.hasContent else { throw source.empty(records) }
    return head
  }

  /// What the answers are that a `.ts` file holds.
  private static func answerName(
    _ head: [Record], _ source: SourceFile, _ options: ImportOptions
  ) throws -> String? {
    let examples = try read(head, source, options)
    guard examples.count > 0 else {
      throw source.error(.empty, found: "no example", allowed: "at least one behind @data")
    }
    let found = examples.channels.count
    guard found == options.channels else {
      throw source.error(
        .badRow, line: head.last?.line, found: "\(found) \(found == 1 ? "channel" : "channels")",
        allowed: "\(options.channels), as the model reads")
    }
    return examples.labels.isEmpty ? examples.numbers.isEmpty ? nil : "target" : "label"
  }

  private static func read(
    _ lines: [Record], _ source: SourceFile, _ options: ImportOptions
  ) throws -> Examples {
    var examples = Examples()
    var records = RecordReader(lines, of: .lines, file: source.file)
    var reader = SeriesFileReader(source, options)
    try reader.read(&records, into: &examples)
    return examples
  }

  /// Whether a line of a `.ts` file, without space at its ends, says nothing.
  private static func isRemark(_ line: some StringProtocol) -> Bool {
    line.isEmpty || line.hasPrefix("#")
  }

  /// Refuses values that were not measured, which a `.ts` file may allow, where a model knows none.
  private func checkGaps(_ values: [Float], _ record: Record) throws(ImportError) {
    guard options.missing == .refuse, let gap = values.firstIndex(where: \.isNaN) else { return }
    throw source.error(
      .badValue, line: record.line, field: "channel \(gap % options.channels + 1)",
      found: "a missing value",
      allowed: "a finite number: the model learned from data without gaps")
  }
}

extension ImportOptions {
  /// What the rows of a table are.
  fileprivate var form: RecordReader.Form { format == .tsv ? .tsv : .csv }
}

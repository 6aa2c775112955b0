import Dispatch
public import Training

/// Asks a model about every row of a file, on several threads, and writes the answers in the order of
/// the rows. Whatever the size of the file, only some thousand rows are in memory.
public struct FilePrediction {
  /// What was done.
  public struct Summary: Sendable {
    /// Rows that were answered.
    public let rows: Int
    /// How long it took, without reading the model.
    public let seconds: Double
  }

  /// Rows that are in memory at a time, for each thread: large enough that rows of nearly the same length
  /// find together, small against the memory of a machine.
  static let portion = 8192

  private let models: [Ensemble]
  private let input: RecordReader.Form
  private let output: RecordReader.Form
  private let column: String?
  private let file: String

  /// Prepares to answer.
  ///
  /// - Parameters:
  ///   - artifacts: The models, whose answers are averaged, each with its artifacts by name.
  ///   - input: What the rows are.
  ///   - output: What is written: csv, tsv or jsonl.
  ///   - column: Which column holds the input; nil: `text`, or the only one.
  ///   - file: What messages call the file.
  ///   - threads: How many threads, at least 1.
  /// - Throws: `ArtifactError`.
  public init(
    _ artifacts: [[String: [UInt8]]], from input: RecordReader.Form, to output: RecordReader.Form,
    column: String?, file: String, threads: Int
  ) throws {
    models = try (0..<max(threads, 1)).map { _ in try Ensemble(artifacts) }
    self.input = input
    self.output = output
    self.column = column
    self.file = file
  }

  /// Answers row by row.
  ///
  /// - Parameters:
  ///   - read: Gives the next bytes of the file, none at its end.
  ///   - write: Takes the next bytes of the answer.
  /// - Returns: What was done.
  /// - Throws: `ImportError` with file and line of the first bad row; nothing of its portion is written.
  public func run(
    read: @escaping () throws -> [UInt8], write: ([UInt8]) throws -> Void
  ) throws -> Summary {
    let start = ContinuousClock.now
    var reader = RecordReader(input, file: file, read: read)
    let column: RecordColumn
    let writer = AnswerWriter(models[0].encoding, from: input, to: output)
    var header: Record?
    // Rows that are repeated may not have what the answers are called.
    let asked = RecordColumn.Asked(
      isText: models[0].encoding.tokens != nil, reserved: input == output ? writer.names : [])
    if input.isTable {
      guard let first = try reader.nextRecord() else {
        throw SystemError("\(file): found an empty file, allowed: a header and rows")
      }
      header = first
      column = try RecordColumn(
        header: first, of: input, named: self.column, file: file, for: asked)
    } else {
      column = RecordColumn(input, named: self.column, file: file, for: asked)
    }
    try write(writer.head(header))
    var rows = 0
    while true {
      let records = try reader.next(count: Self.portion * models.count)
      guard !records.isEmpty else { break }
      for lines in try answers(records, column, writer) { try write(lines) }
      rows += records.count
    }
    return Summary(rows: rows, seconds: (ContinuousClock.now - start).inSeconds)
  }

  /// The lines of the answer to some rows, in pieces.
  private func answers(
    _ records: [Record], _ column: RecordColumn, _ writer: AnswerWriter
  ) throws -> [[UInt8]] {
    let share = (records.count + models.count - 1) / models.count
    let pieces = stride(from: 0, to: records.count, by: share).map {
      $0..<min($0 + share, records.count)
    }
    // Each thread has a model and a place of its own.
    nonisolated(unsafe) let models = models
    let results = Locked([Result<[UInt8], any Error>?](repeating: nil, count: pieces.count))
    DispatchQueue.concurrentPerform(iterations: pieces.count) { thread in
      let result = Result {
        try Self.answer(records[pieces[thread]], models[thread], column, writer)
      }
      results.withLock { $0[thread] = result }
    }
    return try results.withLock { $0 }.compactMap { try $0?.get() }
  }

  private static func answer(
    _ records: ArraySlice<Record>, _ model: Ensemble, _ column: RecordColumn,
    _ writer: AnswerWriter
  ) throws -> [UInt8] {
    let inputs = try records.map { try column.text($0) }
    let predictions = try model.predict(inputs) { place, found, allowed in
      column.error(
        records[records.startIndex + place], field: nil, found: found, allowed: allowed)
    }
    var lines: [UInt8] = []
    lines.reserveCapacity(records.reduce(0) { $0 + $1.bytes.count + 24 })
    for (place, record) in records.enumerated() {
      writer.append(record, inputs[place], predictions[place], to: &lines)
    }
    return lines
  }
}

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
  private let values: ImportOptions?
  private let file: String

  /// Prepares to answer.
  ///
  /// - Parameters:
  ///   - artifacts: The models, whose answers are averaged, each with its artifacts by name.
  ///   - input: What the rows are.
  ///   - output: What is written: csv, tsv or jsonl.
  ///   - column: Which column holds the input; nil: `text`, or the only one.
  ///   - values: How the file is read if each row is an example of values, as
  ///     ``Ensemble/rowOptions(path:_:known:)`` has it.
  ///   - file: What messages call the file.
  ///   - threads: How many threads, at least 1.
  /// - Throws: `ArtifactError`.
  public init(
    _ artifacts: [[String: [UInt8]]], from input: RecordReader.Form, to output: RecordReader.Form,
    column: String?, values: ImportOptions? = nil, file: String, threads: Int
  ) throws {
    models = try (0..<max(threads, 1)).map { _ in try Ensemble(artifacts) }
    self.input = input
    self.output = output
    self.column = column
    self.values = values
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
    let (rows, header) = try rows(&reader)
    let writer = AnswerWriter(
      models[0].encoding, from: input, to: output, replacements: rows.replacements)
    try write(writer.head(header))
    var count = 0
    while true {
      let records = try reader.next(count: Self.portion * models.count)
      guard !records.isEmpty else { break }
      let examples = records.filter(rows.isExample)
      for lines in try answers(examples, after: count, rows, writer) { try write(lines) }
      count += examples.count
    }
    return Summary(rows: count, seconds: (ContinuousClock.now - start).inSeconds)
  }

  /// What the rows hold, and the header if there is one.
  private func rows(_ reader: inout RecordReader) throws -> (FileRows, Record?) {
    let encoding = models[0].encoding
    // Rows that are repeated may not have what the answers are called.
    let reserved = input == output ? AnswerWriter.names(encoding) : []
    if let values {
      let rows = try ValueRows(&reader, file: file, options: values, reserved: reserved)
      return (.values(rows), rows.header)
    }
    let asked = RecordColumn.Asked(
      isText: encoding.tokens != nil, width: encoding.channels?.count ?? 1, reserved: reserved)
    guard input.isTable else {
      return (.inputs(RecordColumn(input, named: column, file: file, for: asked)), nil)
    }
    guard let header = try reader.nextRecord() else {
      throw SystemError("\(file): found an empty file, allowed: a header and rows")
    }
    return (
      .inputs(try RecordColumn(header: header, of: input, named: column, file: file, for: asked)),
      header
    )
  }

  /// The lines of the answer to some rows, in pieces.
  private func answers(
    _ records: [Record], after count: Int, _ rows: FileRows, _ writer: AnswerWriter
  ) throws -> [[UInt8]] {
    guard !records.isEmpty else { return [] }
    let share = (records.count + models.count - 1) / models.count
    let pieces = stride(from: 0, to: records.count, by: share).map {
      $0..<min($0 + share, records.count)
    }
    // Each thread has a model and a place of its own.
    nonisolated(unsafe) let models = models
    let file = file
    let results = Locked([Result<[UInt8], any Error>?](repeating: nil, count: pieces.count))
    DispatchQueue.concurrentPerform(iterations: pieces.count) { thread in
      let result = Result {
        try rows.answers(
          to: records[pieces[thread]], after: count + pieces[thread].lowerBound, models[thread],
          writer, file: file)
      }
      results.withLock { $0[thread] = result }
    }
    return try results.withLock { $0 }.compactMap { try $0?.get() }
  }
}

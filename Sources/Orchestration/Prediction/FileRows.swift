import Training

/// What the rows of a file hold for a model, and what stands for them where they are not repeated.
enum FileRows: Sendable {
  /// Texts, or numbers as people write them.
  case inputs(RecordColumn)
  /// Values in columns of their own, or the cases of a `.ts` file.
  case values(ValueRows)

  /// Whether a model is asked about a row.
  func isExample(_ record: Record) -> Bool {
    if case .values(let rows) = self { return rows.isExample(record) }
    return true
  }

  /// The names of what stands for a row: its input, or, where an input is a matrix, its number and the
  /// answer that the file itself holds.
  var replacements: [String] {
    guard case .values(let rows) = self, !rows.isTable else { return ["input"] }
    return ["example"] + [rows.answerName].compactMap(\.self)
  }

  /// The answers to rows.
  ///
  /// - Parameters:
  ///   - records: The rows, in the order of the file.
  ///   - count: How many come before them.
  ///   - model: Who is asked.
  ///   - writer: Makes lines of rows and answers.
  ///   - file: What messages call the file.
  /// - Returns: The lines.
  /// - Throws: `ImportError` with the line of a bad row.
  func answers(
    to records: ArraySlice<Record>, after count: Int, _ model: Ensemble, _ writer: AnswerWriter,
    file: String
  ) throws -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(records.reduce(0) { $0 + $1.bytes.count + 24 })
    switch self {
    case .inputs(let column):
      let inputs = try records.map { try column.text($0) }
      let predictions = try model.predict(inputs) { place, found, allowed in
        column.error(
          records[records.startIndex + place], field: nil, found: found, allowed: allowed)
      }
      for (place, record) in records.enumerated() {
        writer.append(
          record, [.init("input", text: inputs[place])], predictions[place], to: &lines)
      }
    case .values(let rows):
      let examples = try rows.examples(records)
      let predictions = try model.finitePredictions(.values(examples.map(\.values)))
      for (place, record) in records.enumerated() {
        guard let prediction = predictions[place] else {
          throw RecordColumn(.lines, named: nil, file: file).error(
            record, field: nil, found: Ensemble.unanswered.found,
            allowed: Ensemble.unanswered.allowed)
        }
        writer.append(
          record, cells(examples[place], number: count + place + 1), prediction, to: &lines)
      }
    }
    return lines
  }

  /// What stands for an example, as the replacements are named.
  private func cells(_ example: ValueRows.Example, number: Int) -> [AnswerTable.Cell] {
    let names = replacements
    guard names[0] == "example" else {
      let input = example.values.map { "\($0)" }.joined(separator: " ")
      return [.init("input", text: input)]
    }
    return [.init("example", number: "\(number)")]
      + zip(names.dropFirst(), [example.answer ?? ""]).map { .init($0, text: $1) }
  }
}

import Training

/// Rows with what a model said of them: the row as it stood in the file, or what stands for it, and the
/// answer behind it.
struct AnswerWriter: Sendable {
  private let output: RecordReader.Form
  /// What stands before the answers if it is not the row itself.
  private let replacements: [String]
  /// Whether rows are written as they stand.
  private let isSame: Bool
  /// The names of what stands behind each row.
  let names: [String]

  /// - Parameters:
  ///   - encoding: What the model answers.
  ///   - input: What the rows are; those of another form than the output are not written as they stand.
  ///   - output: csv, tsv or jsonl.
  ///   - replacements: The names of what is written in their place.
  init(
    _ encoding: Encoding, from input: RecordReader.Form, to output: RecordReader.Form,
    replacements: [String] = ["input"]
  ) {
    self.output = output
    self.replacements = replacements
    isSame = input == output
    names = Self.names(encoding)
  }

  /// What the answers of a model are called.
  static func names(_ encoding: Encoding) -> [String] {
    switch encoding.task {
    case .regress, .forecast:
      let count = encoding.forecast?.horizon ?? encoding.outputs
      let kinds =
        ["prediction"] + (encoding.forecast?.quantiles ?? []).map { "quantile_\($0)" }
      return count == 1 ? kinds : kinds.flatMap { kind in (1...count).map { "\(kind)_\($0)" } }
    case .tag: return ["prediction"]
    case .classify, .language: return ["prediction", "probability"]
    }
  }

  private var separator: UInt8 { Self.separator(output) }

  /// What stands between the fields of a table.
  static func separator(_ form: RecordReader.Form) -> UInt8 {
    UInt8(ascii: form == .tsv ? "\t" : ",")
  }

  /// A text as a field; between tabulators there is no quoting, and a space stands for what ends a field.
  static func field(_ text: String, _ form: RecordReader.Form) -> [UInt8] {
    form == .tsv
      ? text.utf8.map { $0 == 9 || $0 == 10 || $0 == 13 ? 32 : $0 } : CommaSeparated.field(text)
  }

  /// What stands before all rows; nothing before those of a file without a header.
  func head(_ header: Record?) -> [UInt8] {
    guard output.isTable, !isSame || header != nil else { return [] }
    let row = isSame ? [header?.bytes ?? []] : replacements.map { Array($0.utf8) }
    return (row + names.map { Array($0.utf8) }).joined(separator: [separator])
      + [UInt8(ascii: "\n")]
  }

  /// Appends a row.
  ///
  /// - Parameters:
  ///   - record: The row as it stands.
  ///   - replacement: What is written in its place, as the replacements are named.
  ///   - prediction: What the model said of it.
  ///   - lines: The answers so far.
  func append(
    _ record: Record, _ replacement: @autoclosure () -> [AnswerTable.Cell],
    _ prediction: Prediction, to lines: inout [UInt8]
  ) {
    let cells = (isSame ? [] : replacement()) + cells(prediction)
    if output.isTable {
      let row = (isSame ? [record.bytes] : []) + cells.map { $0.field(output) }
      lines += row.joined(separator: [separator])
    } else {
      // In an object that is there the answer goes before its end.
      let whole = isSame ? record.bytes : [UInt8(ascii: "{")]
      let body = whole[..<(whole.lastIndex(of: UInt8(ascii: "}")) ?? whole.endIndex)]
      lines += body
      let isEmpty = body.allSatisfy { $0 == UInt8(ascii: "{") || $0 <= 32 }
      if !isEmpty { lines += Array(", ".utf8) }
      AnswerTable.Cell.appendMembers(cells, to: &lines)
      lines.append(UInt8(ascii: "}"))
    }
    lines.append(UInt8(ascii: "\n"))
  }

  private func cells(_ prediction: Prediction) -> [AnswerTable.Cell] {
    if let numbers = prediction.numbers {
      let steps = prediction.quantiles ?? []
      let quantiles = (steps.first ?? []).indices.flatMap { place in steps.map { $0[place] } }
      return zip(names, numbers + quantiles).map { .init($0, number: "\($1)") }
    }
    if let steps = prediction.steps {
      return [.init(names[0], text: steps.joined(separator: " "))]
    }
    let label = prediction.label ?? ""
    let probability =
      prediction.probabilities?.first { $0.label == label }?.probability ?? 0
    return [.init(names[0], text: label), .init(names[1], number: Self.sixPlaces(probability))]
  }

  /// A probability with six places.
  private static func sixPlaces(_ value: Double) -> String {
    let millionths = Int((value * 1_000_000).rounded())
    let digits = String(millionths % 1_000_000)
    return "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// A string of JSON.
  static func appendString(_ text: String, to lines: inout [UInt8]) {
    lines.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): lines += [UInt8(ascii: "\\"), byte]
      case ..<32:
        let hexadecimal = String(byte, radix: 16)
        lines += Array(
          ("\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal).utf8)
      default: lines.append(byte)
      }
    }
    lines.append(UInt8(ascii: "\""))
  }
}

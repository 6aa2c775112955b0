import Training

/// Rows with what a model said of them: the row as it stood in the file, and the answer behind it.
struct AnswerWriter: Sendable {
  private let task: DataPlan.Task
  private let outputs: Int
  private let input: RecordReader.Form
  private let output: RecordReader.Form

  /// - Parameters:
  ///   - encoding: What the model answers.
  ///   - input: What the rows are; those of another form than the output are written as their input.
  ///   - output: csv, tsv or jsonl.
  init(_ encoding: Encoding, from input: RecordReader.Form, to output: RecordReader.Form) {
    task = encoding.task
    outputs = encoding.outputs
    self.input = input
    self.output = output
  }

  private var separator: UInt8 { Self.separator(output) }

  private func field(_ text: String) -> [UInt8] { Self.field(text, output) }

  /// What stands between the fields of a table.
  static func separator(_ form: RecordReader.Form) -> UInt8 {
    UInt8(ascii: form == .tsv ? "\t" : ",")
  }

  /// A text as a field; between tabulators there is no quoting, and a space stands for what ends a field.
  static func field(_ text: String, _ form: RecordReader.Form) -> [UInt8] {
    form == .tsv
      ? text.utf8.map { $0 == 9 || $0 == 10 || $0 == 13 ? 32 : $0 } : CommaSeparated.field(text)
  }

  private var isNumbers: Bool { task == .regress || task == .forecast }
  /// Whether rows are written as they stand.
  private var isSame: Bool { input == output }

  /// The names of what stands behind each row.
  var names: [String] {
    if isNumbers {
      return outputs == 1 ? ["prediction"] : (1...outputs).map { "prediction_\($0)" }
    }
    return task == .tag ? ["prediction"] : ["prediction", "probability"]
  }

  /// What stands before all rows.
  func head(_ header: Record?) -> [UInt8] {
    guard output.isTable else { return [] }
    var line = isSame ? header?.bytes ?? [] : Array("input".utf8)
    for name in names { line += [separator] + Array(name.utf8) }
    return line + [UInt8(ascii: "\n")]
  }

  /// Appends a row.
  func append(
    _ record: Record, _ input: String, _ prediction: Prediction, to lines: inout [UInt8]
  ) {
    if output.isTable {
      lines += isSame ? record.bytes : field(input)
      for value in values(prediction) {
        lines.append(separator)
        lines += value.isText ? field(value.text) : Array(value.text.utf8)
      }
    } else {
      appendObject(record, input, prediction, to: &lines)
    }
    lines.append(UInt8(ascii: "\n"))
  }

  private func appendObject(
    _ record: Record, _ input: String, _ prediction: Prediction, to lines: inout [UInt8]
  ) {
    if isSame {
      // The row is an object: the answer goes in before its end.
      let end = record.bytes.lastIndex(of: UInt8(ascii: "}")) ?? record.bytes.endIndex
      let body = record.bytes[..<end]
      lines += body
      let isEmpty = body.allSatisfy { $0 == UInt8(ascii: "{") || $0 <= 32 }
      if !isEmpty { lines += Array(", ".utf8) }
    } else {
      lines += Array("{\"input\": ".utf8)
      Self.appendString(input, to: &lines)
      lines += Array(", ".utf8)
    }
    for (place, (name, value)) in zip(names, values(prediction)).enumerated() {
      if place > 0 { lines += Array(", ".utf8) }
      lines += Array("\"\(name)\": ".utf8)
      if value.isText {
        Self.appendString(value.text, to: &lines)
      } else {
        lines += Array(value.text.utf8)
      }
    }
    lines.append(UInt8(ascii: "}"))
  }

  private func values(_ prediction: Prediction) -> [(text: String, isText: Bool)] {
    if let numbers = prediction.numbers { return numbers.map { ("\($0)", false) } }
    if let steps = prediction.steps { return [(steps.joined(separator: " "), true)] }
    let label = prediction.label ?? ""
    let probability =
      prediction.probabilities?.first { $0.label == label }?.probability ?? 0
    return [(label, true), (Self.sixPlaces(probability), false)]
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

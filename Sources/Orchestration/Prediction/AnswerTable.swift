import Training

/// Rows with the same names, as a table or as objects.
struct AnswerTable {
  /// A field of a row.
  struct Cell {
    let name: String
    let value: String
    let isText: Bool

    init(_ name: String, text: String) { (self.name, value, isText) = (name, text, true) }
    init(_ name: String, number: String) { (self.name, value, isText) = (name, number, false) }
  }

  private let form: RecordReader.Form
  private(set) var lines: [UInt8] = []

  init(_ form: RecordReader.Form) { self.form = form }

  mutating func append(_ row: [Cell]) {
    guard form.isTable else {
      lines.append(UInt8(ascii: "{"))
      for (place, cell) in row.enumerated() {
        lines += Array("\(place > 0 ? ", " : "")\"\(cell.name)\": ".utf8)
        if cell.isText {
          AnswerWriter.appendString(cell.value, to: &lines)
        } else {
          lines += Array(cell.value.utf8)
        }
      }
      lines += Array("}\n".utf8)
      return
    }
    if lines.isEmpty { append(fields: row.map { Array($0.name.utf8) }) }
    append(
      fields: row.map { $0.isText ? AnswerWriter.field($0.value, form) : Array($0.value.utf8) })
  }

  private mutating func append(fields: [[UInt8]]) {
    lines += fields.joined(separator: [AnswerWriter.separator(form)])
    lines.append(UInt8(ascii: "\n"))
  }
}

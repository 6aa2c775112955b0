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

    /// As it stands in a table.
    func field(_ form: RecordReader.Form) -> [UInt8] {
      isText ? AnswerWriter.field(value, form) : Array(value.utf8)
    }

    /// Appends fields as they stand between the braces of an object.
    static func appendMembers(_ cells: [Cell], to lines: inout [UInt8]) {
      for (place, cell) in cells.enumerated() {
        lines += Array("\(place > 0 ? ", " : "")\"\(cell.name)\": ".utf8)
        if cell.isText {
          AnswerWriter.appendString(cell.value, to: &lines)
        } else {
          lines += Array(cell.value.utf8)
        }
      }
    }
  }

  private let form: RecordReader.Form
  private(set) var lines: [UInt8] = []

  init(_ form: RecordReader.Form) { self.form = form }

  mutating func append(_ row: [Cell]) {
    guard form.isTable else {
      lines.append(UInt8(ascii: "{"))
      Cell.appendMembers(row, to: &lines)
      lines += Array("}\n".utf8)
      return
    }
    if lines.isEmpty { append(fields: row.map { Array($0.name.utf8) }) }
    append(fields: row.map { $0.field(form) })
  }

  private mutating func append(fields: [[UInt8]]) {
    lines += fields.joined(separator: [AnswerWriter.separator(form)])
    lines.append(UInt8(ascii: "\n"))
  }
}

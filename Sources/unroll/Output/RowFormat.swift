import ArgumentParser
import Postgres

/// How the rows of a table are written.
enum RowFormat: String, CaseIterable {
  /// Fields between commas, quoted as RFC 4180 says; NULL is empty, an empty text is `""`.
  case csv
  /// An object a line; NULL is null, and what is no finite number is a text.
  case jsonl

  /// What stands before the rows; empty if nothing.
  func head(_ columns: [Column]) -> String {
    switch self {
    case .csv: columns.map { Self.field($0.name) }.joined(separator: ",") + "\n"
    case .jsonl: ""
    }
  }

  /// The line of a row.
  func line(_ row: [TextTable.Value], _ columns: [Column]) -> String {
    switch self {
    case .csv:
      row.map { value in
        if case .text("") = value { return "\"\"" }
        return Self.field(value.description)
      }.joined(separator: ",") + "\n"
    case .jsonl:
      "{"
        + zip(columns, row).map { "\(TextTable.Value.text($0.name).json):\($1.json)" }
        .joined(separator: ",") + "}\n"
    }
  }

  /// A field that holds a comma, a quotation mark or the end of a line stands between quotation marks.
  private static func field(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      byte != UInt8(ascii: ",") && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\n")
        && byte != UInt8(ascii: "\r")
    }
    guard !isPlain else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}

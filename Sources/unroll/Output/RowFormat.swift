import ArgumentParser
import Orchestration
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
      row.map { $0 == .null ? "" : Self.field($0.description) }.joined(separator: ",") + "\n"
    case .jsonl:
      "{"
        + zip(columns, row).map { "\(TextTable.Value.text($0.name).json):\($1.json)" }
        .joined(separator: ",") + "}\n"
    }
  }

  private static func field(_ text: String) -> String {
    String(decoding: CommaSeparated.field(text), as: UTF8.self)
  }
}

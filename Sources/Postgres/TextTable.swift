/// An answer as texts, for statements whose columns nobody knows beforehand.
public struct TextTable: Sendable, Hashable {
  /// A value as a program that prints it wants it.
  public enum Value: Sendable, Hashable, CustomStringConvertible {
    /// NULL
    case null
    /// A truth value.
    case boolean(Bool)
    /// A finite number, as the server writes it, to its last digit.
    case number(String)
    /// A JSON text.
    case json(String)
    /// Everything else, as the server writes it.
    case text(String)

    /// The value for a person; NULL is empty.
    public var description: String {
      switch self {
      case .null: ""
      case .boolean(let value): value ? "true" : "false"
      case .number(let text), .json(let text), .text(let text): text
      }
    }

    /// The value as JSON.
    public var json: String {
      switch self {
      case .null: "null"
      case .boolean(let value): value ? "true" : "false"
      case .number(let text), .json(let text): text
      case .text(let text): Self.quoted(text)
      }
    }

    static func quoted(_ text: String) -> String {
      var result = "\""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case _ where scalar.value < 0x20:
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result + "\""
    }
  }

  /// The columns, in order.
  public let columns: [Column]
  /// The rows, each with a value for every column.
  public let rows: [[Value]]
  /// What the server says it did, such as `SELECT 3`.
  public let command: String

  /// The rows as a JSON array of objects.
  public var json: String {
    let names = columns.map { Value.quoted($0.name) }
    let objects = rows.map { row in
      "{" + zip(names, row).map { "\($0): \($1.json)" }.joined(separator: ", ") + "}"
    }
    return objects.isEmpty ? "[]" : "[\n  " + objects.joined(separator: ",\n  ") + "\n]"
  }
}

extension Connection {
  /// Runs one statement and reads its answer as text: for a person's own statements.
  public func table(
    _ sql: String, _ parameters: [any PostgresEncodable] = [], timeout: Duration? = nil
  ) throws -> TextTable {
    let box = try run(Query(sql, parameters), format: .text, timeout: timeout)
    let rows = (0..<box.count).map { row in
      box.columns.indices.map { column in
        guard let bytes = box.bytes(row: row, column: column) else { return TextTable.Value.null }
        return TextTable.Value(
          String(decoding: bytes, as: UTF8.self), type: box.columns[column].type)
      }
    }
    return TextTable(columns: box.columns, rows: rows, command: box.command)
  }
}

extension TextTable.Value {
  fileprivate init(_ text: String, type: PostgresType) {
    switch type {
    case .bool: self = .boolean(text == "t")
    case .json, .jsonb: self = .json(text)
    case .int2, .int4, .int8, .oid, .numeric, .float4, .float8:
      // JSON has neither NaN nor infinity, the only two that begin with a letter.
      let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
      let isFinite = digits.first.map { $0 < UInt8(ascii: "A") } ?? false
      self = isFinite ? .number(text) : .text(text)
    default: self = .text(text)
    }
  }
}

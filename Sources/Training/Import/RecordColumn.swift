internal import FoundationEssentials

/// The column of a file that a model is asked about, row by row.
public struct RecordColumn: Sendable {
  private let form: RecordReader.Form
  private let file: String
  private let name: String
  /// Of csv: where the column is.
  private let index: Int
  /// Of csv: the fields of each row.
  private let width: Int

  /// The column of a file without header.
  ///
  /// - Parameters:
  ///   - form: What the rows are, not csv.
  ///   - name: Of a file of objects the key; nil: `text`.
  ///   - file: What messages call the file.
  public init(_ form: RecordReader.Form, named name: String?, file: String) {
    precondition(form != .csv, "a csv file has a header")
    self.form = form
    self.file = file
    self.name = name ?? "text"
    index = 0
    width = 1
  }

  /// The column of a csv file, found in its header.
  ///
  /// - Parameters:
  ///   - header: The first row.
  ///   - name: The column; nil: `text`, or the only one.
  ///   - file: What messages call the file.
  /// - Throws: ``ImportError`` if there is no such column.
  public init(header: Record, named name: String?, file: String) throws(ImportError) {
    form = .csv
    self.file = file
    let names = try Self.fields(of: header, file).map { String($0.trimmed) }
    width = names.count
    let wanted = name ?? (names.count == 1 ? names[0] : "text")
    guard let found = names.firstIndex(of: wanted) else {
      throw ImportError(
        .missingColumn, file: file, line: header.line, field: "column \(wanted.quoted)",
        found: "no column of that name",
        allowed: Self.told(wanted.nearest(in: names))
          + (name == nil ? " (say which with --column)" : ""))
    }
    self.name = wanted
    index = found
  }

  /// The text in the column.
  ///
  /// - Throws: ``ImportError`` with the line if the row is not what it should be.
  public func text(_ record: Record) throws(ImportError) -> String {
    switch form {
    case .csv:
      let fields = try Self.fields(of: record, file)
      guard fields.count == width else {
        throw error(
          record, field: nil, found: "\(fields.count) fields",
          allowed: "\(width) fields, as in the header")
      }
      return fields[index]
    case .lines: return try Self.decoded(record, file)
    case .jsonl:
      // Checked first: a decoder takes some bytes that are no text.
      _ = try Self.decoded(record, file)
      let decoder = JSONDecoder()
      decoder.userInfo[Cell.nameKey] = name
      guard let cell = try? decoder.decode(Cell.self, from: Data(record.bytes)) else {
        throw error(
          record, field: nil,
          found: String(decoding: record.bytes.prefix(80), as: UTF8.self).quoted,
          allowed: "a JSON object")
      }
      switch cell {
      case .text(let text): return text
      case .missing(let keys):
        throw error(
          record, field: "field '\(name)'", found: "no field of that name",
          allowed: Self.told(name.nearest(in: keys.sorted())))
      case .other:
        throw error(
          record, field: "field '\(name)'", found: "another value",
          allowed: "a string, a number, or an array of numbers")
      }
    }
  }

  /// An error about a row.
  public func error(
    _ record: Record, field: String?, found: String, allowed: String
  ) -> ImportError {
    ImportError(
      .badRow, file: file, line: record.line, field: field, found: found, allowed: allowed)
  }

  /// Names of columns, on one line whatever they are.
  private static func told(_ names: [String]) -> String {
    names.prefix(12).map { name in
      String(name.unicodeScalars.prefix(60).map { $0.value < 32 ? " " : Character($0) })
    }.joined(separator: ", ")
  }

  private static func decoded(_ record: Record, _ file: String) throws(ImportError) -> String {
    guard let text = String(validating: record.bytes, as: UTF8.self) else {
      throw ImportError(
        .notUTF8, file: file, line: record.line, found: "bytes that are not UTF-8",
        allowed: "UTF-8 (iconv -f latin1 -t utf8 converts an older file)")
    }
    return text
  }

  /// The fields of a row of a csv file.
  static func fields(of record: Record, _ file: String) throws(ImportError) -> [String] {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    _ = try decoded(record, file)
    let bytes = record.bytes
    var fields: [String] = []
    var index = 0
    while true {
      var field: [UInt8] = []
      if index < bytes.count, bytes[index] == quote {
        index += 1
        while index < bytes.count {
          if bytes[index] == quote {
            guard index + 1 < bytes.count, bytes[index + 1] == quote else { break }
            index += 1
          }
          field.append(bytes[index])
          index += 1
        }
        index += 1
        guard index >= bytes.count || bytes[index] == comma else {
          throw ImportError(
            .badRow, file: file, line: record.line, field: "field \(fields.count + 1)",
            found: "text after a closing quotation mark",
            allowed: "a comma or the line's end; a quotation mark inside a field is doubled")
        }
      } else {
        while index < bytes.count, bytes[index] != comma {
          field.append(bytes[index])
          index += 1
        }
      }
      fields.append(String(decoding: field, as: UTF8.self))
      guard index < bytes.count else { return fields }
      index += 1
    }
  }

  /// The value of one key of an object, as the text that a model reads.
  private enum Cell: Decodable {
    case text(String)
    case missing([String])
    case other

    static let nameKey: CodingUserInfoKey = {
      guard let key = CodingUserInfoKey(rawValue: "unroll.column") else {
        preconditionFailure("a key without a name")
      }
      return key
    }()

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      let key = Key(stringValue: decoder.userInfo[Self.nameKey] as? String ?? "text")
      guard container.contains(key) else {
        self = .missing(container.allKeys.map(\.stringValue))
        return
      }
      if let text = try? container.decode(String.self, forKey: key) {
        self = .text(text)
      } else if let number = try? container.decode(Double.self, forKey: key) {
        self = .text("\(number)")
      } else if let numbers = try? container.decode([Double].self, forKey: key) {
        self = .text(Self.joined(numbers))
      } else if let steps = try? container.decode([[Double]].self, forKey: key) {
        self = .text(Self.joined(steps.flatMap { $0 }))
      } else {
        self = .other
      }
    }

    private static func joined(_ numbers: [Double]) -> String {
      numbers.map { Int(exactly: $0).map(String.init) ?? "\($0)" }.joined(separator: " ")
    }
  }
}

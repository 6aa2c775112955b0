internal import FoundationEssentials

/// The column of a file that a model is asked about, row by row.
public struct RecordColumn: Sendable {
  private let form: RecordReader.Form
  private let file: String
  private let name: String
  /// Whether somebody said so.
  private let isNamed: Bool
  /// Of a table: where the column is.
  private let index: Int
  /// Of a table: the fields of each row.
  private let width: Int
  /// What a row is asked for and what it may not hold beside it.
  private let asked: Asked

  /// What rows are for.
  public struct Asked: Sendable {
    /// Whether a model reads texts, which an object holds as strings only.
    public var isText: Bool
    /// How many numbers a step of a sequence has; nil: the same number in all of them.
    public var width: Int?
    /// Names that nothing in a row may have, since the answers get them.
    public var reserved: [String]

    /// Rows for a model.
    public init(isText: Bool = false, width: Int? = nil, reserved: [String] = []) {
      self.isText = isText
      self.width = width
      self.reserved = reserved
    }
  }

  /// The column of a file without header.
  ///
  /// - Parameters:
  ///   - form: What the rows are, no table.
  ///   - name: Of a file of objects the key; nil: `text`, or the only one of an object.
  ///   - file: What messages call the file.
  ///   - asked: What the rows are for.
  public init(
    _ form: RecordReader.Form, named name: String?, file: String, for asked: Asked = Asked()
  ) {
    precondition(!form.isTable, "a table has a header")
    self.form = form
    self.file = file
    self.asked = asked
    self.name = name ?? "text"
    isNamed = name != nil
    index = 0
    width = 1
  }

  /// The column of a table, found in its header.
  ///
  /// - Parameters:
  ///   - header: The first row.
  ///   - form: csv or tsv.
  ///   - name: The column; nil: `text`, or the only one.
  ///   - file: What messages call the file.
  ///   - asked: What the rows are for.
  /// - Throws: ``ImportError`` if there is no such column, or two of them.
  public init(
    header: Record, of form: RecordReader.Form = .csv, named name: String?, file: String,
    for asked: Asked = Asked()
  ) throws(ImportError) {
    precondition(form.isTable, "other forms have no header")
    self.form = form
    self.file = file
    self.asked = asked
    let names = try Self.fields(of: header, form, file).map { String($0.trimmed) }
    if let taken = names.first(where: asked.reserved.contains) {
      throw Self.taken(taken, "column", file, header)
    }
    width = names.count
    if name == nil, names.count == 1, let other = Self.otherSeparator(header, form) {
      throw ImportError(
        .missingColumn, file: file, line: header.line, field: "column 'text'",
        found: "no column of that name",
        allowed: Self.told(names) + " (fields stand between "
          + (form == .tsv ? "tabulators" : "commas") + ", not \(other); with --column it is one)")
    }
    let wanted = name ?? (names.count == 1 ? names[0] : "text")
    guard let found = names.firstIndex(of: wanted) else {
      throw ImportError(
        .missingColumn, file: file, line: header.line, field: "column \(wanted.quoted)",
        found: "no column of that name",
        allowed: Self.told(wanted.nearest(in: names))
          + (name == nil ? " (say which with --column)" : ""))
    }
    if let again = names[(found + 1)...].firstIndex(of: wanted) {
      throw ImportError(
        .badHeader, file: file, line: header.line, field: "column \(wanted.quoted)",
        found: "columns \(found + 1) and \(again + 1) of that name",
        allowed: "one column of that name")
    }
    self.name = wanted
    isNamed = name != nil
    index = found
  }

  /// The text in the column.
  ///
  /// - Throws: ``ImportError`` with the line if the row is not what it should be.
  public func text(_ record: Record) throws(ImportError) -> String {
    switch form {
    case .csv, .tsv:
      let fields = try Self.fields(of: record, form, file)
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
      if isNamed { decoder.userInfo[Cell.nameKey] = name }
      decoder.userInfo[Cell.reservedKey] = asked.reserved
      guard let cell = try? decoder.decode(Cell.self, from: Data(record.bytes)) else {
        throw error(
          record, field: nil,
          found: String(decoding: record.bytes.prefix(80), as: UTF8.self).quoted,
          allowed: "a JSON object")
      }
      switch cell {
      case .text(let text): return text
      case .number(let text, let key):
        guard !asked.isText else {
          throw error(
            record, field: "field '\(key)'", found: text.quoted + ", which is no string",
            allowed: "a string: the model reads texts")
        }
        return text
      case .steps(let steps, let key): return try text(steps, key, record)
      case .taken(let name): throw Self.taken(name, "field", file, record)
      case .missing(let keys) where keys.isEmpty:
        throw error(
          record, field: "field '\(name)'", found: "an object without fields",
          allowed: "a field of that name"
            + (isNamed ? "" : " (or another: say which with --column)"))
      case .missing(let keys):
        throw error(
          record, field: "field '\(name)'", found: "no field of that name",
          allowed: Self.told(name.nearest(in: keys.sorted()))
            + (isNamed ? "" : " (say which with --column)"))
      case .other(let key):
        throw error(
          record, field: "field '\(key)'", found: "another value",
          allowed: asked.isText
            ? "a string"
            : "a string, a number, or an array of numbers or of arrays that are equally long")
      }
    }
  }

  /// The numbers of steps that all have as many.
  private func text(
    _ steps: [[Double?]], _ key: String, _ record: Record
  ) throws(ImportError) -> String {
    guard !asked.isText else {
      throw error(
        record, field: "field '\(key)'", found: "an array, which is no string",
        allowed: "a string: the model reads texts")
    }
    let width = asked.width ?? max(steps.first?.count ?? 1, 1)
    if let place = steps.firstIndex(where: { $0.count != width }) {
      let count = steps[place].count
      throw error(
        record, field: "field '\(key)'",
        found: "\(count) \(count == 1 ? "number" : "numbers") at step \(place + 1)",
        allowed: "\(width) at each step")
    }
    return Cell.joined(steps.flatMap(\.self))
  }

  /// An error about a row.
  public func error(
    _ record: Record, field: String?, found: String, allowed: String
  ) -> ImportError {
    ImportError(
      .badRow, file: file, line: record.line, field: field, found: found, allowed: allowed)
  }

  /// What stands between the names of a header that has one column only because a table of this form has
  /// something else there; nil if the name is one, as it is between quotation marks.
  private static func otherSeparator(_ header: Record, _ form: RecordReader.Form) -> String? {
    guard header.bytes.first != UInt8(ascii: "\"") else { return nil }
    let others: [(UInt8, String)] = [
      (UInt8(ascii: ";"), "semicolons"), (UInt8(ascii: "|"), "bars"),
      form == .tsv ? (UInt8(ascii: ","), "commas") : (UInt8(ascii: "\t"), "tabulators"),
    ]
    return others.first { header.bytes.contains($0.0) }?.1
  }

  static func taken(
    _ name: String, _ kind: String, _ file: String, _ record: Record
  ) -> ImportError {
    ImportError(
      .badHeader, file: file, line: record.line, field: "\(kind) \(name.quoted)",
      found: "a \(kind) of the name that the answer gets",
      allowed: "another name, or a form of output that does not repeat the rows")
  }

  /// Names of columns, on one line whatever they are.
  private static func told(_ names: [String]) -> String {
    names.prefix(12).map { name in
      String(name.unicodeScalars.prefix(60).map { $0.value < 32 ? " " : Character($0) })
    }.joined(separator: ", ")
  }

  /// The text of a row.
  static func decoded(_ record: Record, _ file: String) throws(ImportError) -> String {
    guard let text = String(validating: record.bytes, as: UTF8.self) else {
      throw notUTF8(file, line: record.line)
    }
    return text
  }

  /// That a line is no text.
  static func notUTF8(_ file: String, line: Int) -> ImportError {
    ImportError(
      .notUTF8, file: file, line: line, found: "bytes that are not UTF-8",
      allowed: "UTF-8 (iconv -t utf8 converts others: -f latin1, or -f utf16)")
  }

  /// The fields of a row of a table.
  static func fields(
    of record: Record, _ form: RecordReader.Form, _ file: String
  ) throws(ImportError) -> [String] {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    let text = try decoded(record, file)
    if form == .tsv {
      return text.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        .map { String(Substring($0)) }
    }
    let bytes = record.bytes
    var fields: [String] = []
    var index = 0
    while true {
      if index < bytes.count, bytes[index] == quote {
        var field: [UInt8] = []
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
        fields.append(String(decoding: field, as: UTF8.self))
      } else {
        let start = index
        while index < bytes.count, bytes[index] != comma { index += 1 }
        fields.append(String(decoding: bytes[start..<index], as: UTF8.self))
      }
      guard index < bytes.count else { return fields }
      index += 1
    }
  }

  /// The value of one key of an object, as the text that a model reads.
  private enum Cell: Decodable {
    case text(String)
    case number(String, of: String)
    case steps([[Double?]], of: String)
    case missing([String])
    case taken(String)
    case other(of: String)

    static let nameKey = key("unroll.column")
    static let reservedKey = key("unroll.reserved")

    private static func key(_ name: String) -> CodingUserInfoKey {
      guard let key = CodingUserInfoKey(rawValue: name) else {
        preconditionFailure("a key without a name")
      }
      return key
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      let named = decoder.userInfo[Self.nameKey] as? String
      var key = AnyKey(stringValue: named ?? "text")
      if !container.contains(key) {
        let keys = container.allKeys
        guard named == nil, keys.count == 1 else {
          self = .missing(keys.map(\.stringValue))
          return
        }
        key = keys[0]
      }
      let reserved = decoder.userInfo[Self.reservedKey] as? [String] ?? []
      if let taken = reserved.first(where: { container.contains(AnyKey(stringValue: $0)) }) {
        self = .taken(taken)
      } else if let text = try? container.decode(String.self, forKey: key) {
        self = .text(text)
      } else if let number = try? container.decode(Double.self, forKey: key) {
        self = .number(Self.joined([number]), of: key.stringValue)
      } else if let numbers = try? container.decode([Double?].self, forKey: key) {
        self = .number(Self.joined(numbers), of: key.stringValue)
      } else if let steps = try? container.decode([[Double?]].self, forKey: key) {
        self = .steps(steps, of: key.stringValue)
      } else {
        self = .other(of: key.stringValue)
      }
    }

    static func joined(_ numbers: [Double?]) -> String {
      numbers.map { number in
        guard let number else { return "null" }
        return Int(exactly: number).map(String.init) ?? "\(number)"
      }.joined(separator: " ")
    }
  }
}

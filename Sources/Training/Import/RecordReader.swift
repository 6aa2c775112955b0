/// One row of a file, as it stands there, without its end of line.
public struct Record: Hashable, Sendable {
  /// The line on which it begins, from 1.
  public let line: Int
  /// Its bytes.
  public let bytes: [UInt8]
}

/// Cuts a file into rows while it is read, so that files of any size need no more memory than some rows.
/// Empty lines are no rows.
public struct RecordReader {
  /// What the rows are.
  public enum Form: String, Hashable, Sendable, CaseIterable {
    /// RFC 4180: in a quoted field an end of line is content.
    case csv
    /// Fields between tabulators, no quoting.
    case tsv
    /// A JSON object a line.
    case jsonl
    /// A line is an input as it stands.
    case lines

    /// The form that the name of a file says, packed or not.
    public init(path: String) {
      var name = path.lowercased()
      if name.hasSuffix(".gz") { name.removeLast(3) }
      if name.hasSuffix(".csv") {
        self = .csv
      } else if name.hasSuffix(".tsv") || name.hasSuffix(".tab") {
        self = .tsv
      } else if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
        self = .jsonl
      } else {
        self = .lines
      }
    }

    /// Whether the first row names the columns.
    public var isTable: Bool { self == .csv || self == .tsv }
  }

  private enum Place {
    case fieldStart, plain, quoted, quoteInQuoted
  }

  /// The most bytes of a row: a quotation mark that is never closed must not take all memory.
  static let largest = 64 << 20

  private let form: Form
  private let file: String
  private let read: () throws -> [UInt8]
  private var buffer: [UInt8] = []
  private var next = 0
  private var isAtEnd = false
  private var line = 1
  private var isFirst = true
  /// Rows that were read before and come first.
  private var waiting: ArraySlice<Record> = []
  /// Whether the file was found to hold anything, beside a byte order mark.
  private(set) var hasContent = false

  /// Reads rows.
  ///
  /// - Parameters:
  ///   - form: What the rows are.
  ///   - file: What messages call the file.
  ///   - read: Gives the next bytes of the file, none at its end.
  public init(_ form: Form, file: String, read: @escaping () throws -> [UInt8]) {
    self.form = form
    self.file = file
    self.read = read
  }

  /// Gives rows once more that were read before, with the lines on which they stood.
  init(_ records: some Collection<Record>, of form: Form, file: String) {
    self.init(form, file: file) { [] }
    waiting = Array(records)[...]
    hasContent = true
  }

  /// The next rows.
  ///
  /// - Parameters:
  ///   - count: How many at most.
  ///   - bytes: After so many bytes it is enough.
  /// - Returns: The rows; none at the end of the file.
  /// - Throws: `ImportError` with the line, or what reading throws.
  public mutating func next(count: Int, bytes: Int = 32 << 20) throws -> [Record] {
    var records: [Record] = []
    var size = 0
    while records.count < count, size < bytes, let record = try nextRecord() {
      records.append(record)
      size += record.bytes.count
    }
    return records
  }

  /// The next row that is not empty; nil at the end of the file.
  public mutating func nextRecord() throws -> Record? {
    if let record = waiting.popFirst() { return record }
    while let record = try nextLine() {
      if form.isTable ? !record.bytes.isEmpty : !record.bytes.allSatisfy(Self.isSpace) {
        return record
      }
    }
    return nil
  }

  /// The next row that is not empty, which stays the next one; nil at the end of the file.
  mutating func peek() throws -> Record? {
    guard let record = try nextRecord() else { return nil }
    waiting.insert(record, at: waiting.startIndex)
    return record
  }

  private mutating func nextLine() throws -> Record? {
    let first = line
    var start = next
    var index = next
    var place = Place.fieldStart
    var opened = line
    var field = 1
    while true {
      if index == buffer.count {
        guard try fill(keeping: &start, &index) else {
          guard place != .quoted else {
            throw error(
              line: opened, field: "field \(field)",
              found: "a quotation mark that is never closed",
              allowed: "a closing quotation mark; one inside a field is doubled")
          }
          next = index
          return start == index ? nil : record(first, start..<index)
        }
      }
      if form != .csv {
        // Only the end of the line matters.
        index = buffer[index...].firstIndex(of: UInt8(ascii: "\n")) ?? buffer.count
        guard index - start <= Self.largest else { throw tooLong(first) }
        if index == buffer.count { continue }
      }
      let byte = buffer[index]
      if byte == UInt8(ascii: "\n") { line += 1 }
      if byte == UInt8(ascii: "\n"), place != .quoted {
        next = index + 1
        return record(first, start..<index)
      }
      if form == .csv {
        switch (place, byte) {
        case (.fieldStart, UInt8(ascii: "\"")):
          place = .quoted
          opened = line
        case (.quoted, UInt8(ascii: "\"")): place = .quoteInQuoted
        case (.quoteInQuoted, UInt8(ascii: "\"")): place = .quoted
        case (.quoted, _): break
        case (_, UInt8(ascii: ",")):
          place = .fieldStart
          field += 1
        default: place = .plain
        }
      }
      index += 1
      guard index - start <= Self.largest else { throw tooLong(first) }
    }
  }

  /// Gets more bytes; forgets what lies before `start`.
  private mutating func fill(keeping start: inout Int, _ index: inout Int) throws -> Bool {
    guard !isAtEnd else { return false }
    if start > 0 {
      buffer.removeFirst(start)
      index -= start
      start = 0
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let least = isFirst ? mark.count : index + 1
    while !isAtEnd, buffer.count < least {
      let more = try read()
      isAtEnd = more.isEmpty
      buffer += more
    }
    if isFirst, buffer.starts(with: mark) {
      buffer.removeFirst(mark.count)
      isFirst = false
      hasContent = !buffer.isEmpty
      return try index < buffer.count || fill(keeping: &start, &index)
    }
    isFirst = false
    hasContent = hasContent || !buffer.isEmpty
    return index < buffer.count
  }

  private func record(_ line: Int, _ range: Range<Int>) -> Record {
    var end = range.upperBound
    if end > range.lowerBound, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return Record(line: line, bytes: Array(buffer[range.lowerBound..<end]))
  }

  private func tooLong(_ line: Int) -> ImportError {
    error(
      line: line, found: "a row of more than \(Self.largest >> 20) MB",
      allowed: "shorter rows (is a quotation mark never closed?)")
  }

  private func error(
    line: Int, field: String? = nil, found: String, allowed: String
  ) -> ImportError {
    ImportError(.badRow, file: file, line: line, field: field, found: found, allowed: allowed)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}

/// A row of a table and the line on which it begins.
struct TableRow {
  let line: Int
  let fields: [Substring]
}

/// The rows of a file without quoting: fields between tabulators. Empty lines are no rows.
struct TabbedRows {
  private let source: SourceText

  init(_ source: SourceText) { self.source = source }

  func rows() -> [TableRow] {
    source.lines.enumerated().compactMap { index, line in
      line.utf8.isEmpty
        ? nil
        : TableRow(
          line: index + 1,
          fields: line.utf8.split(
            separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false
          ).map { Substring($0) })
    }
  }
}

/// The rows of an RFC 4180 file: fields between commas; in a quoted field commas and line ends are
/// content and a doubled quotation mark is one. Empty lines are no rows.
struct QuotedRows {
  private let source: SourceText

  init(_ source: SourceText) { self.source = source }

  func rows() throws(ImportError) -> [TableRow] {
    let text = source.text
    let bytes = text.utf8
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var rows: [TableRow] = []
    var fields: [Substring] = []
    var line = 1
    var first = line
    var index = bytes.startIndex

    while index < bytes.endIndex {
      if fields.isEmpty { first = line }
      var field: Substring
      if bytes[index] == quote {
        let opened = line
        var unquoted = String()
        var start = bytes.index(after: index)
        index = start
        while true {
          guard index < bytes.endIndex else {
            throw source.error(
              .badRow, line: opened, field: "field \(fields.count + 1)",
              found: "a quotation mark that is never closed",
              allowed: "a closing quotation mark; one inside a field is doubled")
          }
          if bytes[index] == feed { line += 1 }
          if bytes[index] == quote {
            let next = bytes.index(after: index)
            if next < bytes.endIndex, bytes[next] == quote {
              unquoted += text[start..<next]
              start = bytes.index(after: next)
              index = start
              continue
            }
            break
          }
          index = bytes.index(after: index)
        }
        unquoted += text[start..<index]
        index = bytes.index(after: index)
        field = Substring(unquoted)
        if index < bytes.endIndex, ![comma, feed, carriage].contains(bytes[index]) {
          throw source.error(
            .badRow, line: line, field: "field \(fields.count + 1)",
            found: "text after a closing quotation mark",
            allowed: "a comma or the line's end; a quotation mark inside a field is doubled")
        }
      } else {
        let start = index
        while index < bytes.endIndex, bytes[index] != comma, bytes[index] != feed {
          index = bytes.index(after: index)
        }
        var end = index
        if end > start, end == bytes.endIndex || bytes[end] == feed,
          bytes[bytes.index(before: end)] == carriage
        {
          end = bytes.index(before: end)
        }
        field = text[start..<end]
      }
      fields.append(field)
      if index < bytes.endIndex, bytes[index] == carriage { index = bytes.index(after: index) }
      if index < bytes.endIndex, bytes[index] == comma {
        index = bytes.index(after: index)
        if index < bytes.endIndex { continue }
        fields.append("")
      }
      if index < bytes.endIndex {
        index = bytes.index(after: index)
        line += 1
      }
      if fields.count > 1 || !fields[0].isEmpty {
        rows.append(TableRow(line: first, fields: fields))
      }
      fields.removeAll(keepingCapacity: true)
    }
    return rows
  }
}

/// Makes one text of a whole file, piece by piece.
struct TextFileReader {
  private let source: SourceFile
  /// The most bytes of a text.
  private let most: Int
  /// How many there are so far.
  private var count = 0
  /// Where the next bytes lie.
  private var line = 1
  private var hasCharacters = false

  init(_ source: SourceFile, most: Int = Dataset.longest) {
    (self.source, self.most) = (source, most)
  }

  /// Appends the text of a file.
  mutating func read(_ content: ByteSource, into texts: inout TextColumn) throws {
    texts.begin()
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    // A character may lie across two pieces, and so may the mark.
    var rest: [UInt8] = []
    var isStart = true
    var isEmpty = true
    while true {
      let more = try content.next()
      rest += more
      if isStart, !more.isEmpty, rest.count < mark.count { continue }
      if isStart, rest.starts(with: mark) { rest.removeFirst(mark.count) }
      isStart = false
      isEmpty = isEmpty && rest.isEmpty
      let whole = more.isEmpty ? rest.count : Self.wholeCharacters(rest)
      try take(rest[..<whole], into: &texts)
      rest.removeFirst(whole)
      if more.isEmpty { break }
    }
    guard !isEmpty else {
      throw source.error(.empty, found: "an empty file", allowed: "at least one row")
    }
    guard hasCharacters else {
      throw source.error(.empty, found: "nothing but space", allowed: "a text")
    }
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, into texts: inout TextColumn) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        if String(validating: part, as: UTF8.self) == nil { break }
        line += 1
      }
      throw RecordColumn.notUTF8(source.file, line: line)
    }
    count += bytes.count
    guard count <= most else {
      throw source.error(
        .tooLong, line: line, found: "a text of more than \(most) bytes",
        allowed: "at most so many (a table or jsonl holds several texts)")
    }
    hasCharacters = hasCharacters || text.contains { !$0.isWhitespace }
    line += bytes.count { $0 == UInt8(ascii: "\n") }
    try bytes.withUnsafeBytes { try texts.extend($0) }
  }

  /// How many of the bytes are before a character that may go on behind them.
  private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > back ? bytes.count - back : bytes.count
    }
    return bytes.count
  }
}

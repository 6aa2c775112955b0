internal import FoundationEssentials

extension Dataset {
  /// Reads a user's file.
  ///
  /// - Parameters:
  ///   - path: Where the file is.
  ///   - name: What the dataset shall be called.
  ///   - options: How the file is read.
  ///   - onNote: Takes what a person should know of a file that is right: a line each.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed.
  public init(
    importing path: String, name: String, options: ImportOptions,
    onNote: (String) -> Void = { _ in }
  ) throws(ImportError) {
    let content: Data
    do {
      content = try Data(contentsOf: URL(filePath: path))
    } catch {
      let exists = FileManager.default.fileExists(atPath: path)
      throw ImportError(
        .unreadable, file: path, found: exists ? "a file that cannot be read" : "no such file",
        allowed: "the path of a readable file")
    }
    try self.init(
      importing: Array(content), file: path, name: name, options: options, onNote: onNote)
  }

  /// Reads the content of a file.
  ///
  /// - Parameters:
  ///   - bytes: The content.
  ///   - file: What messages call the file.
  ///   - name: What the dataset shall be called.
  ///   - options: How the content is read.
  ///   - onNote: Takes what a person should know of a file that is right: a line each.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed.
  public init(
    importing bytes: [UInt8], file: String, name: String, options: ImportOptions,
    onNote: (String) -> Void = { _ in }
  ) throws(ImportError) {
    try self.init(
      importing: [ImportPart(bytes: bytes, file: file, split: nil)], name: name, options: options,
      onNote: onNote)
  }

  /// Reads the contents of files that together are a dataset.
  ///
  /// - Parameters:
  ///   - parts: The contents.
  ///   - name: What the dataset shall be called.
  ///   - options: How each of them is read.
  ///   - onNote: Takes what a person should know of files that are right: a line each.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed.
  init(
    importing parts: [ImportPart], name: String, options: ImportOptions,
    onNote: (String) -> Void = { _ in }
  ) throws(ImportError) {
    var all = Examples()
    for part in parts {
      let content =
        Gzip.isPacked(part.bytes)
        ? try Gzip.content(of: part.bytes, file: part.file) : part.bytes
      let source = try SourceText(content, file: part.file)
      var examples: Examples
      switch options.format {
      case .tsv: examples = try TableReader(source, options).examples(TabbedRows(source))
      case .csv: examples = try TableReader(source, options).examples(QuotedRows(source))
      case .jsonl: examples = try JSONLinesReader(source, options).examples()
      case .ts: examples = try SeriesFileReader(source, options).examples()
      case .text:
        guard source.text.contains(where: { !$0.isWhitespace }) else {
          throw ImportError(
            .empty, file: part.file, found: "nothing but space", allowed: "a text")
        }
        examples = Examples()
        examples.texts = [source.text]
      }
      if let split = part.split {
        examples.splits = [Split](repeating: split, count: examples.count)
      }
      try all.append(examples, file: part.file)
    }
    try self.init(all, options, file: parts[0].file, name: name)
    all.notes.forEach(onNote)
  }

  private init(
    _ examples: Examples, _ options: ImportOptions, file: String, name: String
  ) throws(ImportError) {
    guard examples.count > 0 else {
      throw ImportError(
        .empty, file: file, found: "no example", allowed: "at least one row beside the header")
    }
    var inputs: Inputs =
      examples.channels.isEmpty
      ? .texts(examples.texts) : .values(examples.values, channels: examples.channels)
    if options.bytes, !examples.channels.isEmpty {
      inputs = .bytes(
        try ByteSequences(examples.values, file: file), channels: examples.channels)
    }
    let splits = examples.splits.isEmpty ? nil : examples.splits
    if !examples.labels.isEmpty {
      self.init(name: name, inputs: inputs, labels: examples.labels, splits: splits)
    } else if !examples.numbers.isEmpty {
      self.init(
        name: name, inputs: inputs, targets: .numbers(examples.numbers, width: 1), splits: splits)
    } else {
      self.init(
        name: name, inputs: inputs, targets: .none, splits: splits,
        times: examples.times.isEmpty ? nil : examples.times)
    }
  }
}

/// A file, or a part of one, that is read together with others.
struct ImportPart {
  var bytes: [UInt8]
  /// What messages call it.
  var file: String
  /// The split to which all of it belongs, if the file alone says so.
  var split: Split?
}

/// The columns of a dataset while a file is read: those that it has are filled, the others empty.
struct Examples {
  var texts: [String] = []
  var values: [[Float]] = []
  var channels: [String] = []
  var labels: [String] = []
  var numbers: [Float] = []
  var splits: [Split] = []
  var times: [[Int64]] = []
  /// What each series is called; empty for one without a name.
  var names: [String] = []
  /// What a person should know, a line each.
  var notes: [String] = []

  var count: Int { max(texts.count, values.count) }

  /// Appends the examples of another file.
  mutating func append(_ other: Examples, file: String) throws(ImportError) {
    guard channels.isEmpty || channels == other.channels else {
      throw ImportError(
        .badRow, file: file, found: "\(other.channels.count) channels",
        allowed: "\(channels.count), as in the file before")
    }
    channels = other.channels
    texts += other.texts
    values += other.values
    labels += other.labels
    numbers += other.numbers
    splits += other.splits
    times += other.times
    names += other.names
    notes += other.notes
  }
}

/// The content of a file that is known to be UTF-8, without byte order mark.
struct SourceText {
  let file: String
  let text: String

  init(_ bytes: [UInt8], file: String) throws(ImportError) {
    self.file = file
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    guard !content.isEmpty else {
      throw ImportError(.empty, file: file, found: "an empty file", allowed: "at least one row")
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      var line = 1
      for part in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        if String(validating: part, as: UTF8.self) == nil { break }
        line += 1
      }
      throw ImportError(
        .notUTF8, file: file, line: line, found: "bytes that are not UTF-8",
        allowed: "UTF-8 (iconv -f latin1 -t utf8 converts an older file)")
    }
    self.text = text
  }

  /// The lines without their ends, which may be LF or CR LF.
  var lines: [Substring] {
    let bytes = text.utf8
    var lines: [Substring] = []
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      var last = end
      if last > start, bytes[bytes.index(before: last)] == UInt8(ascii: "\r") {
        last = bytes.index(before: last)
      }
      lines.append(text[start..<last])
      start = end < bytes.endIndex ? bytes.index(after: end) : end
    }
    return lines
  }

  func error(
    _ code: ImportError.Code, line: Int? = nil, field: String? = nil, found: String,
    allowed: String
  ) -> ImportError {
    ImportError(code, file: file, line: line, field: field, found: found, allowed: allowed)
  }

  /// The finite number that a field is, or not a number if it is missing and that is allowed.
  func value(
    _ field: some StringProtocol, line: Int, field name: String, _ missing: ImportOptions.Missing
  ) throws(ImportError) -> Float {
    missing == .keep && Self.isMissing(field.trimmed)
      ? .nan : try number(field, line: line, field: name)
  }

  private static func isMissing(_ trimmed: some StringProtocol) -> Bool {
    trimmed.isEmpty || trimmed == "?"
      || ["na", "nan", "n/a", "null", "none", "-"].contains(trimmed.lowercased())
  }

  /// The finite number that a field is.
  func number(
    _ field: some StringProtocol, line: Int, field name: String
  ) throws(ImportError) -> Float {
    let trimmed = field.trimmed
    guard let value = Float(trimmed), value.isFinite else {
      let missing = Self.isMissing(trimmed)
      throw error(
        .badValue, line: line, field: name,
        found: missing ? "a missing value, \(String(trimmed).quoted)" : String(trimmed).quoted,
        allowed: line == 1
          ? "a finite number (or, if line 1 names the columns, the option for a header)"
          : "a finite number")
    }
    return value
  }

  /// The label that a field is.
  func label(
    _ field: some StringProtocol, line: Int, field name: String
  ) throws(ImportError) -> String {
    let label = field.trimmed
    guard !label.isEmpty, !label.unicodeScalars.contains("\0") else {
      throw error(
        .badValue, line: line, field: name, found: "an empty label", allowed: "a name")
    }
    return String(label)
  }

  /// The split that a field is.
  func split(
    _ field: some StringProtocol, line: Int, field name: String
  ) throws(ImportError) -> Split {
    guard let split = Split(word: String(field.trimmed)) else {
      throw error(
        .badSplit, line: line, field: name, found: String(field).quoted,
        allowed: "train, validation (dev, val, valid) or test")
    }
    return split
  }

  /// The text that a field is.
  func content(
    _ field: some StringProtocol, line: Int, field name: String
  ) throws(ImportError) -> String {
    guard field.contains(where: { !$0.isWhitespace }) else {
      throw error(
        .emptyText, line: line, field: name, found: "an empty text",
        allowed: "a text with at least one character that is not space")
    }
    return String(field)
  }
}

extension StringProtocol {
  /// Without space at either end.
  var trimmed: SubSequence {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return self[endIndex...] }
    return self[first...last]
  }
}

internal import FoundationEssentials

extension Dataset {
  /// Reads a user's file piece by piece. What is kept of a large one lies in a file of its own.
  ///
  /// - Parameters:
  ///   - read: Gives the next bytes of the file, none at its end.
  ///   - file: What messages call the file.
  ///   - name: What the dataset shall be called.
  ///   - options: How the content is read.
  ///   - onNamed: Takes the same options with the columns of examples by their names, if the file has some:
  ///     another file may have them in another order.
  ///   - onNote: Takes what a person should know of a file that is right: a line each.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed; or what reading throws.
  public init(
    importing read: @escaping () throws -> [UInt8], file: String, name: String,
    options: ImportOptions, onNamed: (ImportOptions) -> Void = { _ in },
    onNote: (String) -> Void = { _ in }
  ) throws {
    try self.init(
      importing: [ImportPart(content: ByteSource(read), file: file, split: nil)], name: name,
      options: options, onNamed: onNamed, onNote: onNote)
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
  ) throws {
    try self.init(
      importing: [ImportPart(content: ByteSource(bytes), file: file, split: nil)], name: name,
      options: options, onNote: onNote)
  }

  /// Reads the contents of files that together are a dataset.
  ///
  /// - Parameters:
  ///   - parts: The contents.
  ///   - name: What the dataset shall be called.
  ///   - options: How each of them is read.
  ///   - onNamed: Takes the same options with the columns of examples by their names, if the first file has
  ///     some.
  ///   - onNote: Takes what a person should know of files that are right: a line each.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed.
  init(
    importing parts: [ImportPart], name: String, options: ImportOptions,
    onNamed: (ImportOptions) -> Void = { _ in }, onNote: (String) -> Void = { _ in }
  ) throws {
    try options.checkUse(file: parts[0].file)
    var examples = Examples()
    for part in parts {
      let before = examples.count
      try examples.read(part.content.unpacked(file: part.file), part.file, options)
      if let split = part.split {
        examples.splits += [Split](repeating: split, count: examples.count - before)
      }
    }
    let (notes, named) = (examples.notes, examples.named)
    try self.init(examples, options, file: parts[0].file, name: name)
    onNamed(named ?? options)
    notes.forEach(onNote)
  }

  private init(
    _ examples: consuming Examples, _ options: ImportOptions, file: String, name: String
  ) throws {
    guard examples.count > 0 else {
      throw ImportError(
        .empty, file: file, found: "no example", allowed: "at least one row beside the header")
    }
    let (channels, labels, numbers) = (examples.channels, examples.labels, examples.numbers)
    let splits = examples.splits.isEmpty ? nil : examples.splits
    let times = examples.times.count == 0 ? nil : try examples.times.finish()
    let names = examples.names.contains { !$0.isEmpty } ? examples.names : nil
    let inputs: Inputs
    if channels.isEmpty {
      inputs = .texts(try examples.texts.finish())
    } else {
      let values = try examples.values.finish()
      inputs =
        options.bytes
        ? .bytes(try ByteSequences(values, file: file), channels: channels)
        : .values(values, channels: channels)
    }
    if !labels.isEmpty {
      self.init(name: name, inputs: inputs, labels: labels, splits: splits)
    } else if !numbers.isEmpty {
      self.init(name: name, inputs: inputs, targets: .numbers(numbers, width: 1), splits: splits)
    } else {
      self.init(
        name: name, inputs: inputs, targets: .none, splits: splits, times: times, names: names)
    }
  }
}

/// A file, or a part of one, that is read together with others.
struct ImportPart {
  var content: ByteSource
  /// What messages call it.
  var file: String
  /// The split to which all of it belongs, if the file alone says so.
  var split: Split?
}

/// The columns of a dataset while files are read: those that it has are filled, the others empty.
struct Examples {
  var texts = TextColumn()
  var values = ValueColumn<Float>()
  var channels: [String] = []
  var labels: [String] = []
  var numbers: [Float] = []
  var splits: [Split] = []
  var times = ValueColumn<Int64>()
  /// What each series is called; empty for one without a name.
  var names: [String] = []
  /// What the columns of categories are called.
  var categories: [String] = []
  /// How the first file is read by the names of its columns, if each row is an example and they have names.
  var named: ImportOptions?
  /// What a person should know, a line each.
  var notes: [String] = []

  var count: Int { max(texts.count, values.count) }

  /// Appends the examples of a file.
  mutating func read(_ content: ByteSource, _ file: String, _ options: ImportOptions) throws {
    let source = SourceFile(file: file)
    switch options.format {
    case .tsv, .csv:
      let form = options.format == .tsv ? RecordReader.Form.tsv : .csv
      var rows = TableRows(form, content, source)
      try TableReader(source, options).read(&rows, into: &self)
    case .jsonl:
      var records = RecordReader(.jsonl, file: file, read: content.next)
      try JSONLinesReader(source, options).read(&records, into: &self)
    case .ts:
      var records = RecordReader(.lines, file: file, read: content.next)
      var reader = SeriesFileReader(source, options)
      try reader.read(&records, into: &self)
    case .text:
      var reader = TextFileReader(source)
      try reader.read(content, into: &texts)
    }
  }

  /// Says what the channels are: the same in every file.
  mutating func name(channels: [String], _ file: String) throws(ImportError) {
    guard self.channels.isEmpty || self.channels == channels else {
      throw ImportError(
        .badRow, file: file, found: "\(channels.count) channels",
        allowed: "\(self.channels.count), as in the file before")
    }
    var known: Set<String> = []
    if let again = channels.first(where: { !known.insert($0).inserted }) {
      throw ImportError(
        .badHeader, file: file, field: "channel \(again.quoted)",
        found: "two channels of that name",
        allowed: "channels of different names: rename a column")
    }
    self.channels = channels
  }
}

/// A file that is read, with what its fields may be.
struct SourceFile {
  let file: String

  /// That nothing was found in a file.
  func empty(_ records: RecordReader) -> ImportError {
    error(
      .empty, found: records.hasContent ? "no row" : "an empty file", allowed: "at least one row")
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
    guard !label.unicodeScalars.contains("\0") else {
      throw error(
        .badValue, line: line, field: name, found: "a character with the code 0", allowed: "a name")
    }
    guard !label.isEmpty else {
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
    // Mostly there is none, and then no character needs to be looked up.
    let graphic: ClosedRange<Unicode.Scalar> = "!"..."~"
    if let first = unicodeScalars.first, let last = unicodeScalars.last, graphic.contains(first),
      graphic.contains(last)
    {
      return self[...]
    }
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return self[endIndex...] }
    return self[first...last]
  }
}

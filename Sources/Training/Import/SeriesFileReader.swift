/// Makes examples of a `.ts` file of the UEA and UCR archives: lines that begin with `#` are
/// remarks, lines that begin with `@` the header, each line after `@data` a case: its channels
/// separated by colons, their values by commas, the class label last. Cases may differ in length.
/// Values may be missing, as `?` or `NaN`, if the header says so: `@missing true`.
///
/// What the header says is checked: against itself, and against the cases.
struct SeriesFileReader {
  private let source: SourceFile
  private var missing: ImportOptions.Missing
  private var channels: Int?
  private var labels: [String]?
  private var hasTarget = false
  private var isUnivariate = false
  private var isEqual = false
  private var length: Int?

  init(_ source: SourceFile, _ options: ImportOptions) {
    self.source = source
    missing = options.missing
  }

  private static let known = [
    "@problemName", "@timeStamps", "@missing", "@univariate", "@dimensions", "@equalLength",
    "@seriesLength", "@classLabel", "@targetLabel", "@data",
  ]

  private mutating func header(_ line: Substring, _ number: Int) throws(ImportError) {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    let word = words.count > 1 ? words[1] : ""
    func flag() throws(ImportError) -> Bool {
      switch word.lowercased() {
      case "true": return true
      case "false": return false
      default:
        throw source.error(
          .badHeader, line: number, field: words[0],
          found: word.isEmpty ? "nothing" : word.quoted, allowed: "true or false")
      }
    }
    func size(from least: Int) throws(ImportError) -> Int {
      guard let size = Int(word), (least...1_000_000).contains(size), words.count == 2 else {
        throw source.error(
          .badHeader, line: number, field: words[0],
          found: word.isEmpty ? "nothing" : words.dropFirst().joined(separator: " ").quoted,
          allowed: "an integer from \(least) to 1000000")
      }
      return size
    }
    switch words.first?.lowercased() {
    case "@problemname": break
    case "@timestamps":
      guard try flag() else { break }
      throw source.error(
        .badHeader, line: number, found: "values with time stamps",
        allowed: "@timeStamps false: values at equal distances")
    case "@missing": if try flag() { missing = .keep }
    case "@univariate": isUnivariate = try flag()
    case "@dimension", "@dimensions": channels = try size(from: 1)
    case "@equallength": isEqual = try flag()
    case "@serieslength":
      // Some writers say 0 where lengths differ.
      let size = try size(from: 0)
      length = size == 0 ? nil : size
    case "@classlabel": labels = try flag() ? Array(words.dropFirst(2)) : nil
    case "@targetlabel": hasTarget = try flag()
    default:
      throw source.error(
        .badHeader, line: number, found: (words.first ?? "").quoted,
        allowed: (words.first ?? "").nearest(in: Self.known).joined(separator: ", "))
    }
    if isUnivariate, let channels, channels != 1 {
      throw source.error(
        .badHeader, line: number, found: "@univariate true and @dimensions \(channels)",
        allowed: "@dimensions 1, or @univariate false")
    }
  }

  /// Appends the cases of a file.
  mutating func read(_ records: inout RecordReader, into examples: inout Examples) throws {
    var isData = false
    while let record = try records.nextRecord() {
      let content = try RecordColumn.decoded(record, source.file)
      let line = content.trimmed
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.lowercased() == "@data" {
        isData = true
        if isUnivariate { channels = 1 }
      } else if line.hasPrefix("@"), !isData {
        try header(line, record.line)
      } else if isData {
        try read(line, record.line, into: &examples)
      } else {
        throw source.error(
          .badHeader, line: record.line, found: String(line).quoted,
          allowed: "lines that begin with @ or #, up to @data")
      }
    }
    guard records.hasContent else { throw source.empty(records) }
    guard isData else {
      throw source.error(.badHeader, found: "no @data line", allowed: "an @data line")
    }
    try examples.name(channels: (0..<(channels ?? 0)).map { "channel \($0 + 1)" }, source.file)
  }

  private mutating func read(
    _ line: Substring, _ number: Int, into examples: inout Examples
  ) throws {
    var parts = line.split(separator: ":", omittingEmptySubsequences: false)
    if labels != nil || hasTarget {
      let last = parts.removeLast()
      if hasTarget {
        examples.numbers.append(try source.number(last, line: number, field: "target"))
      } else {
        let label = try source.label(last, line: number, field: "class label")
        if let labels, !labels.isEmpty, !labels.contains(label) {
          throw source.error(
            .badValue, line: number, field: "class label", found: label.quoted,
            allowed: labels.joined(separator: ", "))
        }
        examples.labels.append(label)
      }
    }
    guard !parts.isEmpty, parts.count == channels ?? parts.count else {
      throw source.error(
        .badRow, line: number, found: "\(parts.count) channels",
        allowed: "\(channels ?? 1), separated by colons, and then the label")
    }
    channels = parts.count
    var columns: [[Float]] = []
    for (channel, part) in parts.enumerated() {
      var column: [Float] = []
      for field in part.split(separator: ",", omittingEmptySubsequences: false) {
        column.append(
          try source.value(field, line: number, field: "channel \(channel + 1)", missing))
      }
      if let first = columns.first, first.count != column.count {
        throw source.error(
          .badRow, line: number, field: "channel \(channel + 1)",
          found: "\(column.count) values", allowed: "\(first.count), as in channel 1")
      }
      columns.append(column)
    }
    try checkLength(columns[0].count, number)
    var values: [Float] = []
    values.reserveCapacity(columns.count * columns[0].count)
    for step in columns[0].indices {
      for column in columns { values.append(column[step]) }
    }
    try examples.values.append(values)
  }

  /// Refuses a case of another length, if all are said to be equally long.
  private mutating func checkLength(_ count: Int, _ number: Int) throws(ImportError) {
    guard isEqual else { return }
    if let length, length != count {
      throw source.error(
        .badRow, line: number, found: "\(count) steps",
        allowed: "\(length), since the header says @equalLength true")
    }
    length = count
  }
}

/// Makes examples of the rows of a tsv or csv file.
struct TableReader {
  private let source: SourceFile
  private let options: ImportOptions

  init(_ source: SourceFile, _ options: ImportOptions) {
    self.source = source
    self.options = options
  }

  /// A column that the options name: its index and what messages call it.
  struct Column {
    let index: Int
    let name: String
  }

  /// Appends what rows hold.
  func read(_ rows: inout TableRows, into examples: inout Examples) throws {
    let hasValues = !options.values.isEmpty || !options.categories.isEmpty
    guard options.text != nil || hasValues else {
      throw source.error(
        .badOptions, found: "neither a text column nor value columns",
        allowed: "a text column, or value columns, by name or by number from 1")
    }
    guard options.text == nil || !hasValues else {
      throw source.error(
        .badOptions, found: "a text column and value columns",
        allowed: "one of the two as the input")
    }
    guard options.label == nil || options.number == nil else {
      throw source.error(
        .badOptions, found: "a label column and a number column", allowed: "one of the two")
    }
    guard let first = try rows.next() else { throw rows.emptiness }
    let names = names(first)
    let table = try Table(
      text: options.text.map { (name) throws(ImportError) in try column(name, names, first) },
      label: options.label.map { (name) throws(ImportError) in try column(name, names, first) },
      number: options.number.map { (name) throws(ImportError) in try column(name, names, first) },
      split: options.split.map { (name) throws(ImportError) in try column(name, names, first) })
    // Without a header the first row is an example, too.
    let row = names == nil ? first : try rows.next()
    if hasValues, table.label == nil, table.number == nil {
      if let split = table.split {
        throw source.error(
          .badOptions, field: split.name, found: "a split column for one long series",
          allowed: "fractions in the plan: a series is split by position in time")
      }
      func columns(_ references: [String]) throws(ImportError) -> [Column] {
        var columns: [Column] = []
        for reference in references { columns.append(try column(reference, names, first)) }
        return columns
      }
      let (times, series) = (
        try columns(options.time), try columns([options.series].compactMap(\.self))
      )
      let categories = try columns(options.categories).map {
        Column(index: $0.index, name: names?[$0.index] ?? $0.name)
      }
      let values = try valueColumns(
        names, first, except: times + series + categories, isExample: false)
      for channels in [values, categories] { try checkNames(channels, first) }
      let reader = SeriesRows(
        source: source, missing: options.missing, values: values, categories: categories,
        times: times, series: series.first)
      return try reader.read(row, &rows, into: &examples)
    }
    if let other = (options.time + options.categories + [options.series].compactMap(\.self)).first {
      throw source.error(
        .badOptions, field: "column '\(other)'",
        found: "a column of a series, and examples in rows",
        allowed: "value columns without a label or a number column")
    }
    let values = try valueColumns(names, first, except: table.columns, isExample: true)
    let answers = Set([table.label, table.number, table.split].compactMap { $0?.index })
    for (field, inputs) in [("values", values), ("text", [table.text].compactMap(\.self))] {
      guard let both = inputs.first(where: { answers.contains($0.index) }) else { continue }
      throw source.error(
        .badOptions, field: field,
        found:
          "\((names?[both.index] ?? both.name).quoted), which holds the label, number or split",
        allowed: "other columns: a model would see its answer")
    }
    examples.named = examples.named ?? named(table, values, names)
    if !values.isEmpty {
      try examples.name(
        channels: (1...options.channels).map { "channel \($0)" }, source.file)
    }
    var next = row
    while let row = next {
      try read(row, table, values, into: &examples)
      next = try rows.next()
    }
  }

  /// The options with columns by their names; nil if the file has none, or some that mean something else.
  private func named(_ table: Table, _ values: [Column], _ names: [String]?) -> ImportOptions? {
    guard let names, Set(names).count == names.count, !names.contains("*") else { return nil }
    func name(_ column: Column?) -> String? { column.map { names[$0.index] } }
    var named = options
    (named.text, named.label) = (name(table.text), name(table.label))
    (named.number, named.split) = (name(table.number), name(table.split))
    (named.values, named.header) = (values.map { names[$0.index] }, true)
    return named
  }

  private struct Table {
    var text, label, number, split: Column?
    var columns: [Column] { [text, label, number, split].compactMap { $0 } }
  }

  private func read(
    _ row: TableRow, _ table: Table, _ values: [Column], into examples: inout Examples
  ) throws {
    if let text = table.text {
      try examples.texts.append(
        source.content(row.fields[text.index], line: row.line, field: text.name))
    }
    if let label = table.label {
      examples.labels.append(
        try source.label(row.fields[label.index], line: row.line, field: label.name))
    }
    if let number = table.number {
      examples.numbers.append(
        try source.number(row.fields[number.index], line: row.line, field: number.name))
    }
    if let split = table.split {
      examples.splits.append(
        try source.split(row.fields[split.index], line: row.line, field: split.name))
    }
    guard !values.isEmpty else { return }
    try examples.values.append(steps(row, values))
  }

  /// The values of a row that is an example.
  func steps(_ row: TableRow, _ columns: [Column]) throws(ImportError) -> [Float] {
    var steps: [Float] = []
    steps.reserveCapacity(columns.count)
    for column in columns {
      steps.append(
        try source.value(
          row.fields[column.index], line: row.line, field: column.name, options.missing))
    }
    return steps
  }

  /// The columns of the values where each row is an example that nobody has answered yet: the columns of
  /// labels, numbers and splits may be there or not.
  ///
  /// - Parameter first: The first row, which may be a header.
  /// - Returns: The columns, at least one.
  /// - Throws: ``ImportError`` if the file does not have them.
  func columnsOfExamples(_ first: TableRow) throws(ImportError) -> [Column] {
    let names = names(first)
    let others = [options.label, options.number, options.split].compactMap(\.self)
    func present(_ references: [String]) -> [Column] {
      references.compactMap { try? column($0, names, first) }
    }
    if let count = options.rowValues, options.values.contains("*") {
      // Of columns without a name only the number of all tells whether they are there.
      let named = others.filter { names?.contains($0) == true }
      for references in [others, named] {
        let columns = try? valueColumns(names, first, except: present(references), isExample: true)
        if let columns, columns.count == count { return columns }
      }
      throw source.error(
        .badRow, line: first.line, found: "\(first.fields.count) columns",
        allowed: "\(count) of values, as in the file that was imported"
          + (others.isEmpty ? "" : ", with or without those of label, number and split"))
    }
    let columns = try valueColumns(names, first, except: present(others), isExample: true)
    guard !columns.isEmpty else {
      throw source.error(
        .badOptions, field: "values", found: "no column", allowed: "at least one column")
    }
    return columns
  }

  /// Refuses channels of the same name: a plan that names one would mean the first.
  private func checkNames(_ channels: [Column], _ first: TableRow) throws(ImportError) {
    var known: [String: Int] = [:]
    for channel in channels {
      guard let other = known.updateValue(channel.index, forKey: channel.name) else { continue }
      throw source.error(
        .badHeader, line: first.line, field: "column '\(channel.name)'",
        found: "columns \(other + 1) and \(channel.index + 1) of that name",
        allowed: "channels of different names: rename a column, or leave it out")
    }
  }

  /// What the columns are called, if the first row says so.
  private func names(_ first: TableRow) -> [String]? {
    options.hasHeader ? first.fields.map { String($0.trimmed) } : nil
  }

  private func column(
    _ reference: String, _ names: [String]?, _ first: TableRow
  ) throws(ImportError) -> Column {
    if let index = names?.firstIndex(of: reference) {
      if let again = names?[(index + 1)...].firstIndex(of: reference) {
        throw source.error(
          .badHeader, line: first.line, field: "column '\(reference)'",
          found: "columns \(index + 1) and \(again + 1) of that name",
          allowed: "one column of that name, or its number")
      }
      return Column(index: index, name: "column '\(reference)'")
    }
    if let number = Int(reference) {
      guard (1...first.fields.count).contains(number) else {
        throw source.error(
          .missingColumn, line: first.line, field: "column \(number)",
          found: "\(first.fields.count) columns",
          allowed: first.fields.count == 1 ? "1" : "1 to \(first.fields.count)")
      }
      return Column(index: number - 1, name: names?[number - 1] ?? "column \(number)")
    }
    guard let names else {
      throw source.error(
        .missingColumn, field: "column '\(reference)'", found: "a file without a header",
        allowed: "1 to \(first.fields.count), or the option for a header")
    }
    throw source.error(
      .missingColumn, line: first.line, field: "column '\(reference)'",
      found: "no column of that name",
      allowed: reference.nearest(in: names).prefix(12).joined(separator: ", "))
  }

  /// The columns of values, where `*` and ranges of numbers may stand for many.
  private func valueColumns(
    _ names: [String]?, _ first: TableRow, except others: [Column], isExample: Bool
  ) throws(ImportError) -> [Column] {
    var columns: [Column] = []
    for reference in options.values {
      if reference == "*" {
        let taken = Set(others.map(\.index) + columns.map(\.index))
        columns += first.fields.indices.filter { !taken.contains($0) }
          .map { Column(index: $0, name: names?[$0] ?? "column \($0 + 1)") }
        continue
      }
      let ends = reference.split(separator: "-", omittingEmptySubsequences: false)
      if names?.contains(reference) != true, ends.count == 2, let low = Int(ends[0]),
        let high = Int(ends[1])
      {
        guard low <= high else {
          throw source.error(
            .badOptions, field: "values", found: reference.quoted,
            allowed: "a range from its lower end, \(high)-\(low)")
        }
        _ = try column(String(high), names, first)
        for number in low...high { columns.append(try column(String(number), names, first)) }
      } else {
        let found = try column(reference, names, first)
        columns.append(Column(index: found.index, name: names?[found.index] ?? found.name))
      }
    }
    var taken: Set<Int> = []
    if let again = columns.first(where: { !taken.insert($0.index).inserted }) {
      throw source.error(
        .badOptions, field: "values", found: "\(again.name.quoted) twice",
        allowed: "each column once")
    }
    if isExample, options.channels < 1 || columns.count % options.channels != 0 {
      throw source.error(
        .badOptions, field: "channels", found: "\(options.channels)",
        allowed: "a divisor of the number of value columns, \(columns.count)")
    }
    return columns
  }
}

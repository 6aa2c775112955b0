/// Makes series of the rows of a table: each row is a step.
struct SeriesRows {
  let source: SourceText
  let format: ImportOptions.Format
  let missing: ImportOptions.Missing
  /// The columns of numbers, each a channel.
  let values: [TableReader.Column]
  /// The columns of names, of which each name becomes a channel.
  let categories: [TableReader.Column]
  /// A column of dates, or those of year, month, day and so on.
  let times: [TableReader.Column]
  /// The column that tells which series a row belongs to.
  let series: TableReader.Column?

  /// A series as far as it was read.
  private struct Part {
    var values: [Float] = []
    /// The names of the categories at each step, one for each of their columns.
    var names: [String] = []
    var times: [Int64] = []
  }

  func examples(_ rows: ArraySlice<TableRow>) throws(ImportError) -> Examples {
    let columns = values + categories + times + [series].compactMap(\.self)
    let needed = (columns.map(\.index).max() ?? 0) + 1
    var parts: [Part] = []
    var index: [String: Int] = [:]
    for row in rows {
      try source.require(needed, fieldsIn: row, format)
      var name = ""
      if let series {
        name = try source.label(row.fields[series.index], line: row.line, field: series.name)
      }
      let number = index[name] ?? parts.count
      if number == parts.count {
        index[name] = number
        parts.append(Part())
      }
      for column in values {
        parts[number].values.append(
          try source.value(
            row.fields[column.index], line: row.line, field: column.name, missing))
      }
      for column in categories {
        parts[number].names.append(
          try source.label(row.fields[column.index], line: row.line, field: column.name))
      }
      if !times.isEmpty {
        let time = try time(row)
        if let last = parts[number].times.last, last >= time {
          throw source.error(
            .badTime, line: row.line, field: times[0].name,
            found: "a time that is not after that of the row before",
            allowed: "rows in the order of time (and, with several series, the option series)")
        }
        parts[number].times.append(time)
      }
    }
    var examples = Examples()
    let names = categories.indices.map { column in
      let all = parts.flatMap { part in
        stride(from: column, to: part.names.count, by: categories.count).map { part.names[$0] }
      }
      return Set(all).sorted()
    }
    examples.channels =
      zip(categories, names).flatMap { column, names in names.map { "\(column.name)=\($0)" } }
      + values.map(\.name)
    examples.values = parts.map { steps(of: $0, names) }
    examples.times = times.isEmpty ? [] : parts.map(\.times)
    return examples
  }

  /// The steps of a series: the categories, as ones and zeros, before the numbers.
  private func steps(of part: Part, _ names: [[String]]) -> [Float] {
    guard !categories.isEmpty else { return part.values }
    var steps: [Float] = []
    for step in 0..<part.names.count / categories.count {
      for (column, names) in names.enumerated() {
        let name = part.names[step * categories.count + column]
        for candidate in names { steps.append(candidate == name ? 1 : 0) }
      }
      steps += part.values[step * values.count..<(step + 1) * values.count]
    }
    return steps
  }

  /// The time of a row.
  private func time(_ row: TableRow) throws(ImportError) -> Int64 {
    if times.count == 1 {
      let field = row.fields[times[0].index]
      guard let time = CalendarTime.seconds(field) else {
        throw source.error(
          .badTime, line: row.line, field: times[0].name, found: String(field).quoted,
          allowed: "a date such as 2010, 2010-01, 2010-01-31 or 2010-01-31 23:00")
      }
      return time
    }
    var parts: [Int] = []
    for column in times {
      let field = row.fields[column.index].trimmed
      guard let number = Int(field) else {
        throw source.error(
          .badTime, line: row.line, field: column.name, found: String(field).quoted,
          allowed: "an integer")
      }
      parts.append(number)
    }
    guard parts.count <= 6, let time = CalendarTime.seconds(parts) else {
      throw source.error(
        .badTime, line: row.line, field: times[0].name,
        found: parts.map(String.init).joined(separator: " "),
        allowed: "year, month, day, hour, minute and second of a date that exists")
    }
    return time
  }
}

extension SourceText {
  /// Refuses a row that is too short.
  func require(
    _ count: Int, fieldsIn row: TableRow, _ format: ImportOptions.Format
  ) throws(ImportError) {
    guard row.fields.count < count else { return }
    throw error(
      .badRow, line: row.line, found: "\(row.fields.count) of \(count) fields",
      allowed: "at least \(count) fields between "
        + (format == .tsv ? "tabulators" : "commas"))
  }
}

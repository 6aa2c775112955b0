/// Makes series of the rows of a table: each row is a step.
struct SeriesRows {
  let source: SourceFile
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
    /// The line of each step, if it has a time.
    var lines: [Int] = []
  }

  /// Appends the series of a row and all rows behind it.
  func read(
    _ first: TableRow?, _ rows: inout TableRows, into examples: inout Examples
  ) throws {
    var parts: [Part] = []
    var index: [String: Int] = [:]
    var next = first
    while let row = next {
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
            found: "\(CalendarTime(time)) after \(CalendarTime(last)) in the row before",
            allowed: "later times from row to row (and, with several series, the option series)")
        }
        parts[number].times.append(time)
        parts[number].lines.append(row.line)
      }
      next = try rows.next()
    }
    let names = categories.indices.map { column in
      let all = parts.flatMap { part in
        stride(from: column, to: part.names.count, by: categories.count).map { part.names[$0] }
      }
      return Set(all).sorted()
    }
    let ones = zip(categories, names).flatMap { column, names in
      names.map { "\(column.name)=\($0)" }
    }
    try examples.name(channels: ones + values.map(\.name), source.file)
    for part in parts { try examples.values.append(steps(of: part, names)) }
    if !times.isEmpty { examples.times += parts.map(\.times) }
    var called = [String](repeating: "", count: parts.count)
    for (name, number) in index { called[number] = name }
    examples.names += called
    if let note = note(parts) { examples.notes.append(note) }
  }

  /// How far the steps lie apart, and where they first do not.
  private func note(_ parts: [Part]) -> String? {
    guard let steps = TimeSteps(parts.map(\.times.count), { parts[$0].times[$1] }) else {
      return nil
    }
    guard let first = steps.first, let other = steps.firstOther else {
      return "\(source.file): steps of \(steps.usual), without a gap"
    }
    return "\(source.file):\(parts[first.series].lines[first.step]): \(other), but steps are of "
      + "\(steps.usual) as a rule: \(steps.others) of \(steps.count) are not"
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
          allowed: "a date such as 2010, 2010-01, 2010-01-31 or 2010-01-31 23:00"
            + (CalendarTime.hasZone(field)
              ? ", without a time zone: times are those of one clock" : ""))
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

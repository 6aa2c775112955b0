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
  /// The most steps of a series.
  var most = Dataset.longest

  /// Appends the series of a row and all rows behind it.
  func read(
    _ first: TableRow?, _ rows: inout TableRows, into examples: inout Examples
  ) throws {
    var found = SeriesColumns(categories: categories.count)
    var next = first
    while let row = next {
      var name = ""
      if let series {
        name = try source.label(row.fields[series.index], line: row.line, field: series.name)
      }
      let number = try found.begin(series: name, line: row.line)
      guard found.counts[number] <= most else {
        throw source.error(
          .tooLong, line: row.line, field: series?.name,
          found: "a series of more than \(most) steps",
          allowed: "at most so many (the option series tells several apart)")
      }
      for column in values {
        try found.append(
          value: source.value(row.fields[column.index], line: row.line, field: column.name, missing)
        )
      }
      for (place, column) in categories.enumerated() {
        let names = try found.append(
          name: source.label(row.fields[column.index], line: row.line, field: column.name),
          category: place)
        guard names <= SeriesColumns.mostNames else {
          throw source.error(
            .badValue, line: row.line, field: column.name, found: "the \(names)th name",
            allowed: "categories of at most \(SeriesColumns.mostNames) names, each a channel")
        }
      }
      if !times.isEmpty {
        let time = try time(row)
        if let last = found.latest[number], last >= time {
          throw source.error(
            .badTime, line: row.line, field: times[0].name,
            found: "\(CalendarTime(time)) after \(CalendarTime(last)) in the row before",
            allowed: "later times from row to row (and, with several series, the option series)")
        }
        try found.append(time: time)
      }
      next = try rows.next()
    }
    let series = try SeriesOfRows(found, values: values.count)
    let ones = zip(categories, series.names).flatMap { column, names in
      names.map { "\(column.name)=\($0)" }
    }
    try examples.name(channels: ones + values.map(\.name), source.file)
    examples.categories = categories.map(\.name)
    try series.append(to: &examples, hasTimes: !times.isEmpty)
    if !times.isEmpty, let note = note(series) { examples.notes.append(note) }
  }

  /// How far the steps lie apart, and where they first do not.
  private func note(_ series: SeriesOfRows) -> String? {
    guard let steps = TimeSteps(series.counts, series.time) else { return nil }
    guard let first = steps.first, let other = steps.firstOther else {
      return "\(source.file): steps of \(steps.usual), without a gap"
    }
    return "\(source.file):\(series.line(first.series, first.step)): \(other), but steps are of "
      + "\(steps.usual) as a rule: \(steps.others) of \(steps.count) are not"
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

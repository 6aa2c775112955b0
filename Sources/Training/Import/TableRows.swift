/// A row of a table and the line on which it begins.
struct TableRow {
  let line: Int
  let fields: [String]
}

/// The rows of a table, one after the other: as many fields in each as in the first.
struct TableRows {
  private let form: RecordReader.Form
  private let source: SourceFile
  private var records: RecordReader
  /// The first row.
  private var first: TableRow?

  init(_ form: RecordReader.Form, _ content: ByteSource, _ source: SourceFile) {
    (self.form, self.source) = (form, source)
    records = RecordReader(form, file: source.file, read: content.next)
  }

  /// That there is no row.
  var emptiness: ImportError { source.empty(records) }

  /// The next row; nil at the end.
  mutating func next() throws -> TableRow? {
    guard let record = try records.nextRecord() else { return nil }
    let row = try Self.row(record, form, source, like: first)
    first = first ?? row
    return row
  }

  /// The fields of a row, as many as in the first one.
  static func row(
    _ record: Record, _ form: RecordReader.Form, _ source: SourceFile, like first: TableRow?
  ) throws(ImportError) -> TableRow {
    let row = TableRow(
      line: record.line, fields: try RecordColumn.fields(of: record, form, source.file))
    guard let first else { return row }
    let (found, allowed) = (row.fields.count, first.fields.count)
    guard found == allowed else {
      let hint =
        form == .csv && found > allowed
        ? " (a field with commas stands between quotation marks)" : ""
      throw source.error(
        .badRow, line: row.line, found: "\(found) fields",
        allowed: "\(allowed) between \(form == .tsv ? "tabulators" : "commas"), as in line "
          + "\(first.line)\(hint)")
    }
    return row
  }
}

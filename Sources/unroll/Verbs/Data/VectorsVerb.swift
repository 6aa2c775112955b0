import ArgumentParser
import Orchestration
import Store
import Training

struct VectorsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors", abstract: "Import, list and remove vectors of words trained elsewhere.",
    discussion: """
      A sweep begins with them (model.vectors: NAME, and model.embedding: their width): words of its \
      vocabulary that have a vector take it, the others are drawn.

        unroll vectors import glove.6B.100d.txt --name glove
      """,
    subcommands: [Import.self, List.self, Remove.self])

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Import a text file: a word and its numbers in each line.",
      discussion:
        "GloVe's form; a first line with count and width, as word2vec writes, is passed over.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The file, or - for the standard input.")
    var file: String

    @Option(help: "What to call them.")
    var name: String

    @Option(help: "Only so many words from the start of the file: the frequent ones, as a rule.")
    var limit: Int?

    func validate() throws { try ListLimit.check(limit) }

    func run() throws {
      let source = try InputFile.open(file)
      defer { source.close() }
      var reader = WordVectorReader(file: file, read: source.read)
      var left = limit ?? .max
      let stored = try database.withDatabase { database in
        try database.putVectors(named: name) {
          guard left > 0, let entry = try reader.next() else { return nil }
          left -= 1
          return (entry.word, entry.values)
        }
      }
      print("\(name): \(stored.words) words of \(stored.width) numbers")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List vectors of words.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      try database.withDatabase { database in
        if output.isJSON { return output.print(try database.json(.vectors)) }
        let vectors = try database.vectors()
        guard !vectors.isEmpty else {
          return print("no vectors yet; unroll vectors import FILE --name NAME makes some")
        }
        var table = Table([("name", .left), ("words", .right), ("width", .right)])
        for stored in vectors { table.add([stored.name, "\(stored.words)", "\(stored.width)"]) }
        for line in table.lines() { print(line) }
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Remove vectors; models that began with them keep theirs.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "Their name.")
    var name: String

    func run() throws {
      try database.withDatabase { database in
        let known = try database.vectors()
        guard let stored = known.first(where: { $0.name == name }) else {
          throw SystemError(
            "no vectors are named '\(name)', but "
              + (known.isEmpty ? "there are none" : known.map(\.name).joined(separator: ", ")))
        }
        try database.removeVectors(stored)
        print("\(name) removed")
      }
    }
  }
}

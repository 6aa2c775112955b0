import ArgumentParser
import FoundationEssentials
import Orchestration
import Postgres
import Store
import Training

struct WeightsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights", abstract: "Keep weights from elsewhere, for training to begin with.",
    discussion: """
      What was imported as NAME is used by a sweep that says

        model: {initial: weights/NAME}
      """,
    subcommands: [Import.self, List.self, Remove.self])

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Import a state_dict of PyTorch, as a safetensors file.",
      discussion: """
        In Python: safetensors.torch.save_file(model.state_dict(), "pretrained.safetensors")

        What a tensor is, its name and its shape tell, whatever module X it stood in, if any:
          X.weight_ih_l0, X.weight_hh_l0, X.bias_ih_l0, …  the recurrent layers (RNN, LSTM, GRU)
          X.weight [rows, columns] without X.bias          the embedding (Embedding)
          X.weight [rows, columns] with X.bias             the head (Linear)
        Where more than one fits, X is embedding, recurrent or head, or an option says it. Row i of an \
        embedding is that of token i in vocabulary.json. A sweep whose model has other shapes, or a tensor \
        more or less, is refused before it begins.

          unroll weights import pretrained.safetensors
          unroll weights import model.safetensors --name base --head classifier --skip decoder
        """)

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "A safetensors file, or - for the standard input.")
    var file: String
    @Option(help: "Its name in the database; that of the file, without ending, if not said.")
    var name: String?
    @Option(help: ArgumentHelp("The module that is the embedding.", valueName: "path"))
    var embedding: String?
    @Option(help: ArgumentHelp("The module that is the recurrent layers.", valueName: "path"))
    var recurrent: String?
    @Option(help: ArgumentHelp("The module that is the head.", valueName: "path"))
    var head: String?
    @Option(help: ArgumentHelp("A module or a tensor that is left out.", valueName: "path"))
    var skip: [String] = []

    func validate() throws {
      if name == nil, file == "-" { throw ValidationError("say a --name for what is piped in.") }
    }

    func run() throws {
      let bytes = try InputFile.bytes(file)
      let imported = try ImportedWeights(
        bytes, named: file,
        modules: ImportedWeights.Modules(
          embedding: embedding, recurrent: recurrent, head: head, skipped: skip))
      let fileName = file.split(separator: "/").last.map(String.init) ?? file
      let name = name ?? fileName.replacing(/\.safetensors$/, with: "")
      let content = imported.weights.encoded()
      let tensors = Dictionary(
        uniqueKeysWithValues: imported.weights.tensors.map {
          ($0.name, Described(shape: $0.shape, from: imported.sources[$0.name] ?? $0.name))
        })
      let stored = try database.withDatabase { database in
        try database.putWeights(
          NewWeights(
            name: name, sha256: Digest.text(of: content), source: fileName,
            tensors: try JSON(encoding: tensors), content: content))
      }
      var table = Table([("tensor", .left), ("shape", .left), ("in the file", .left)])
      for tensor in imported.weights.tensors {
        table.add([
          tensor.name, "\(tensor.shape)", imported.sources[tensor.name] ?? tensor.name,
        ])
      }
      for line in table.lines() { print(line) }
      print(
        "\nweights/\(stored.name): \(Format.bytes(stored.bytes)), sha256 \(stored.sha256.prefix(12))"
      )
    }

    private struct Described: Encodable {
      let shape: [Int]
      let from: String
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the weights that training can begin with.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      try database.withDatabase { database in
        if output.isJSON { return output.print(try database.json(.weights)) }
        let weights = try database.weights()
        guard !weights.isEmpty else {
          return print("there are none yet: unroll weights import FILE.safetensors")
        }
        var table = Table([
          ("initial", .left), ("size", .right), ("sha256", .left), ("from", .left),
        ])
        for one in weights {
          table.add([
            "weights/\(one.name)", Format.bytes(one.bytes), String(one.sha256.prefix(12)),
            one.source,
          ])
        }
        for line in table.lines() { print(line) }
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Remove weights that no sweep under way begins with.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The name.")
    var name: String

    func run() throws {
      try database.withDatabase { try $0.removeWeights(named: name) }
      print("weights \(name) are removed")
    }
  }
}

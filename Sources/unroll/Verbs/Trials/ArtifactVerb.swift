import ArgumentParser
import Store

struct ArtifactVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "artifact",
    abstract: "List and get what trials leave behind: models and how to use them.",
    subcommands: [List.self, Get.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the artifacts of a trial.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: ArgumentHelp("The number of the trial.", valueName: "trial"))
    var trial: Int

    func run() throws {
      try database.withDatabase { database in
        _ = try database.trial(id: trial)
        if output.isJSON { return output.print(try database.json(.artifacts(trial: trial))) }
        let artifacts = try database.artifacts(trial: trial)
        guard !artifacts.isEmpty else { return print("trial \(trial) has left nothing behind") }
        var table = Table([
          ("name", .left), ("kind", .left), ("size", .right), ("sha256", .left),
        ])
        for artifact in artifacts {
          table.add([
            artifact.name, artifact.mediaType, Format.bytes(artifact.bytes), artifact.sha256,
          ])
        }
        for line in table.lines() { print(line) }
      }
    }
  }

  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "get", abstract: "Write an artifact to a file.",
      discussion: """
        Each chunk is checked against its sha256. A file that is there already is not overwritten.

          unroll artifact get 7 model.safetensors
          unroll artifact get 7 plan.json -o - | jq .plan.model
        """)

    @OptionGroup var database: DatabaseOptions

    @Argument(help: ArgumentHelp("The number of the trial.", valueName: "trial"))
    var trial: Int

    @Argument(help: "The name of the artifact, such as model.safetensors.")
    var name: String

    @Option(
      name: [.short, .long],
      help: "The file, or - for the standard output; the name itself if not said.")
    var output: String?

    @Flag(help: "Overwrite the file if it is there.")
    var force = false

    func run() throws {
      let path = output ?? name
      if path != "-" { try OutputFile.refuseExisting(path, force: force) }
      let bytes = try database.withDatabase { database in
        _ = try database.trial(id: trial)
        return try database.content(of: database.artifact(trial: trial, name: name))
      }
      guard path != "-" else {
        Terminal.write(bytes)
        return
      }
      try OutputFile.write(bytes, to: path, force: force)
      print("\(path): \(Format.bytes(bytes.count))")
    }
  }
}

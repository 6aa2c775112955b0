import FoundationEssentials
import Testing

/// What the command says of itself, without any database.
@Suite struct HelpTests {
  static let verbs = [
    "enqueue", "watch", "sweeps", "show", "leaderboard", "importance", "pareto", "plot", "replay",
    "sweep", "sweep set", "cancel", "pause", "resume", "retry", "schema", "search", "search run",
    "trial", "why", "predict", "generate", "predictions", "mistakes", "ensemble", "promote",
    "models", "models list", "models withdraw", "artifact", "artifact list",
    "artifact get", "export", "weights", "weights import", "weights list", "weights remove",
    "dataset", "dataset fetch", "dataset import", "dataset generate",
    "vectors", "vectors import", "vectors list",
    "vectors remove", "dataset list", "dataset show", "dataset remove", "up", "scheduler", "worker",
    "workers",
    "sql", "psql", "migrate", "doctor",
  ]

  @Test(arguments: verbs) func `each verb has help`(verb: String) throws {
    let run = try Program(database: "unused").run(
      verb.split(separator: " ").map(String.init) + ["--help"])
    #expect(run.code == 0)
    #expect(run.errors == "")
    #expect(run.output.contains("USAGE: unroll \(verb)"))
    #expect(run.output.hasPrefix("OVERVIEW: "))
  }

  @Test func `all verbs are listed`() throws {
    let output = try Program(database: "unused").good("--help")
    for verb in Self.verbs where !verb.contains(" ") {
      #expect(output.contains("\n  \(verb) "))
    }
  }

  @Test func `the schema is JSON and knows the cells`() throws {
    let text = try Program(database: "unused").good("schema")
    let schema = try JSONDecoder().decode([String: VerbTests.Anything].self, from: Data(text.utf8))
    #expect(schema.keys.contains("properties"))
    #expect(text.contains("lstm"))
  }
}

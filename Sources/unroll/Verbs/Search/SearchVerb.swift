import ArgumentParser
import Glibc
import Search

struct SearchVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Search without training: an objective of your own.",
    subcommands: [SearchRunVerb.self])
}

struct SearchRunVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Answer questions in JSON, one a line, on the standard input.",
    discussion: """
      The file has the parameters under space, and what a sweep file says of a search: search, stop, \
      objective or objectives, constraints, try, trials, epochs.

        {"ask": 1}                                                    a trial and its parameters
        {"report": {"trial": 0, "step": 3, "metrics": {"loss": 0.4}}} continue, pause or stop
        {"tell": {"trial": 0, "metrics": {"loss": 0.2}}}              how it ended
        {"tell": {"trial": 0, "failed": true}}                        it has no value

      "violation": 0.3 beside the metrics says by how much a trial broke limits that only trying it shows, \
      such as a latency: samplers take it for worse than any that kept them.

      Equal files, seeds and questions give equal answers. A line that cannot be understood is answered \
      with {"error": "…"}, and the search goes on.
      """)

  @Option(help: "The file with the space, YAML or JSON.")
  var space: String

  @Option(help: "grid, random, sobol, tpe, gp or pbt, instead of the file's.")
  var sampler: String?

  @Option(help: "The seed, instead of the file's.")
  var seed: Int?

  @Option(help: "How many trials there are, instead of the file's.")
  var trials: Int?

  func run() throws {
    var replacing: [String: Value] = [:]
    if let sampler { replacing["search.sampler"] = .string(sampler) }
    if let seed { replacing["seed"] = .integer(seed) }
    if let trials { replacing["trials"] = .integer(trials) }
    let spec = try SweepSpec.space(
      try InputFile.bytes(space), file: space, replacing: replacing)
    var dialogue = Dialogue(spec)
    while let line = readLine() {
      guard !line.allSatisfy(\.isWhitespace) else { continue }
      for answer in dialogue.answers(to: line) { print(answer) }
      fflush(nil)
    }
  }
}

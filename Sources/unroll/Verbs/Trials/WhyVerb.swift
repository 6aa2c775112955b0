import ArgumentParser
import FoundationEssentials
import Search
import Postgres
import Store

struct WhyVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Tell why a trial was made, paused, promoted, stopped or tried again.",
    discussion: """
      Each decision with its reason, first to last, as in the view unroll.decisions. The legs that a trial was \
      trained in, from rung to rung, are in unroll.legs.
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("The number of the trial.", valueName: "id"))
  var trial: Int

  func run() throws {
    try database.withDatabase { database in
      let report = try database.trial(id: trial)
      if output.isJSON { return output.print(try database.json(.decisions(trial: trial))) }
      print(
        "trial \(report.id)  number \(report.number) of sweep \(report.sweepID)  \(report.state)")
      if let assignment = try? Assignment(json: report.params.text), !assignment.isEmpty {
        print(
          "  "
            + assignment.map { "\($0.path) \(Terminal.readable(Format.value($0.value)))" }
            .joined(separator: ", "))
      }
      var table = Table([("after", .right), ("decision", .left), ("because", .left)])
      let decisions = try database.decisions(trial: trial)
      for decision in decisions {
        let passed = decision.at.timeIntervalSince(decisions[0].at)
        table.add([Format.seconds(passed), decision.kind, decision.reason])
      }
      for line in table.lines(width: nil) { print(line) }
      if let error = report.error { print("last error: \(Terminal.readable(error))") }
    }
  }
}

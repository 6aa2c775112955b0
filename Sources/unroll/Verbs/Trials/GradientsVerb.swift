import ArgumentParser
import Glibc
import Pictures
import Postgres
import Store

struct GradientsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients",
    abstract: "Show how gradients flow back through time: do they vanish or explode?",
    discussion: """
      Of trials whose sweep has `probe: epoch`. The largest singular value of the Jacobian \
      ∂h_T/∂h_(T-lag) says how much of what happened lag steps ago can still be learned from; its \
      verdict is exploding above probe.exploding at any lag, vanishing below probe.vanishing at the \
      longest one, else healthy.

        unroll gradients 12
        unroll gradients 12 13 14 --svg flow.svg
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("The numbers of trials.", valueName: "trial"))
  var trials: [Int]
  @Option(help: "The epoch; the last one that was measured if not said.")
  var epoch: Int?
  @Option(help: "The layer, from 0.")
  var layer = 0
  @Option(help: ArgumentHelp("Write a picture to this file.", valueName: "file"))
  var svg: String?

  func validate() throws {
    if trials.isEmpty { throw ValidationError("say at least one trial.") }
    if layer < 0 { throw ValidationError("--layer must be at least 0.") }
  }

  func run() throws {
    try database.withDatabase { database in
      if output.isJSON {
        let rows = try trials.flatMap { try database.json(.gradientFlow(trial: $0)) }
        return output.print(rows)
      }
      let shown = try trials.map {
        try TrialFlow(database, trial: $0, epoch: epoch, layer: layer)
      }
      printVerdicts(shown)
      let width = Terminal.width ?? 100
      for line in jacobianChart(shown).lines(width: width, height: 12) { print(line) }
      if shown.count == 1 { printGates(shown[0], width) }
      if let svg {
        let picture = TrialFlow.picture(shown, layer: layer)
        try OutputFile.write(Array(picture.svg().utf8), to: svg, option: "--svg")
        print("\nwritten to \(svg)")
      }
    }
  }

  private func printVerdicts(_ shown: [TrialFlow]) {
    var table = Table([
      ("trial", .left), ("epoch", .right), ("verdict", .left), ("lag", .right),
      ("jacobian", .right), ("per step", .right), ("memory", .right), ("radius", .right),
      ("bound", .right),
    ])
    for trial in shown {
      let rows = shown.count == 1 ? trial.verdicts.suffix(12) : [trial.last]
      for row in rows {
        table.add([
          trial.name, "\(row.epoch)", row.verdict, "\(row.lag)", Format.number(row.jacobian),
          Format.number(row.decay), Format.number(row.memorySteps),
          Format.number(row.spectralRadius), row.normBound.map { Format.number($0) } ?? "-",
        ])
      }
    }
    for line in table.lines() { print(line) }
    print("")
    for trial in shown { print("\(trial.name): \(trial.last.verdict): \(trial.last.reason)") }
    print("")
  }

  private static let marks: [Character] = ["o", "x", "+", "*", "#", "@", "%", "&"]

  private func jacobianChart(_ shown: [TrialFlow]) -> TextChart {
    TextChart(
      title: "log10 of the largest singular value of ∂h_T/∂h_(T-lag), by lag",
      series: shown.enumerated().map { index, trial in
        TextChart.Series(
          name: trial.name, mark: Self.marks[index % Self.marks.count],
          points: trial.line("jacobian").map { Point($0.x, $0.y > 0 ? log10($0.y) : .nan) })
      }, horizontal: "lag")
  }

  private func printGates(_ trial: TrialFlow, _ width: Int) {
    let gates = Set(trial.points.map(\.measure)).filter { $0.hasPrefix("gate_") }.sorted()
    guard !gates.isEmpty else { return }
    let chart = TextChart(
      title: "mean openness of the gates, by steps before the end",
      series: gates.enumerated().map { index, gate in
        TextChart.Series(
          name: String(gate.dropFirst(5)), mark: Self.marks[index],
          points: trial.line(gate) { $0.mean })
      }, horizontal: "lag")
    print("")
    for line in chart.lines(width: width) { print(line) }
    var table = Table([("gate", .left), ("mean", .right), ("<0.1", .right), (">0.9", .right)])
    for gate in gates {
      let points = trial.points.filter { $0.measure == gate }
      let count = Double(points.count)
      func mean(_ value: (FlowMeasurement.Point) -> Double) -> String {
        Format.decimal(points.reduce(0) { $0 + value($1) } / count, places: 3)
      }
      table.add([TrialFlow.meaning(gate), mean(\.mean), mean(\.low), mean(\.high)])
    }
    print("")
    for line in table.lines() { print(line) }
  }
}

import ArgumentParser
import FoundationEssentials
import Glibc
import Postgres
import Search
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

  private struct Shown {
    var name: String
    var verdicts: [FlowMeasurement]
    var last: FlowMeasurement
    var points: [FlowMeasurement.Point]

    func line(
      _ measure: String, _ value: (FlowMeasurement.Point) -> Double = { $0.median }
    ) -> [(x: Double, y: Double)] {
      points.filter { $0.measure == measure }.map { (Double($0.lag), value($0)) }
    }
  }

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
      let shown = try trials.map { try read(database, $0) }
      printVerdicts(shown)
      let width = Terminal.width ?? 100
      for line in jacobianChart(shown).lines(width: width, height: 12) { print(line) }
      if shown.count == 1 { printGates(shown[0], width) }
      if let svg {
        let bytes = [UInt8](LinePlot.document(plots(shown)).utf8)
        do { try Data(bytes).write(to: URL(filePath: svg)) } catch {
          throw ValidationError("--svg: \(svg) cannot be written.")
        }
        print("\nwritten to \(svg)")
      }
    }
  }

  private func read(_ database: Database, _ trial: Int) throws -> Shown {
    let report = try database.trial(id: trial)
    let verdicts = try database.gradientVerdicts(trial: trial).filter { $0.layer == layer }
    let last = verdicts.last { epoch == nil || $0.epoch == epoch }
    guard let last else {
      let what = [epoch.map { "epoch \($0)" }, layer > 0 ? "layer \(layer)" : nil]
        .compactMap { $0 }.joined(separator: ", ")
      throw ValidationError(
        "trial \(trial) has no measurement\(what.isEmpty ? "" : " of \(what)"); "
          + "a sweep with probe: epoch makes them.")
    }
    let assignment = (try? Assignment(json: report.params.text)) ?? Assignment([:])
    let words = assignment.map {
      "\($0.path.split(separator: ".").last ?? "") \(Format.value($0.value))"
    }
    return Shown(
      name: ([String(trial)] + words.prefix(3)).joined(separator: " "), verdicts: verdicts,
      last: last,
      points: try database.gradientFlow(trial: trial, epoch: last.epoch, layer: layer))
  }

  private func printVerdicts(_ shown: [Shown]) {
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

  private func jacobianChart(_ shown: [Shown]) -> Chart {
    Chart(
      title: "log10 of the largest singular value of ∂h_T/∂h_(T-lag), by lag",
      series: shown.enumerated().map { index, trial in
        Chart.Series(
          name: trial.name, mark: Self.marks[index % Self.marks.count],
          points: trial.line("jacobian").map { ($0.x, $0.y > 0 ? log10($0.y) : .nan) })
      }, horizontal: "lag")
  }

  private func printGates(_ trial: Shown, _ width: Int) {
    let gates = Set(trial.points.map(\.measure)).filter { $0.hasPrefix("gate_") }.sorted()
    guard !gates.isEmpty else { return }
    let chart = Chart(
      title: "mean openness of the gates, by steps before the end",
      series: gates.enumerated().map { index, gate in
        Chart.Series(
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
      table.add([Self.meaning(gate), mean(\.mean), mean(\.low), mean(\.high)])
    }
    print("")
    for line in table.lines() { print(line) }
  }

  private static func meaning(_ gate: String) -> String {
    switch gate {
    case "gate_i": "i, what is stored"
    case "gate_f": "f, what is kept"
    case "gate_o": "o, what is read"
    case "gate_r": "r, what of the past is seen"
    default: "z, what is kept"
    }
  }

  private func plots(_ shown: [Shown]) -> [LinePlot] {
    func plot(_ title: String, _ measure: String, _ vertical: String) -> LinePlot {
      LinePlot(
        title: title, horizontal: "lag, steps before the last one", vertical: vertical,
        isLogarithmic: true,
        lines: shown.map { LinePlot.Line(name: $0.name, points: $0.line(measure)) })
    }
    var plots = [
      plot(
        "What reaches back through time", "jacobian", "largest singular value of ∂h_T/∂h_(T-lag)"),
      plot("The gradient of the loss", "state_gradient", "‖∂E/∂h‖"),
    ]
    for trial in shown.prefix(4) {
      let gates = Set(trial.points.map(\.measure)).filter { $0.hasPrefix("gate_") }.sorted()
      guard !gates.isEmpty else { continue }
      plots.append(
        LinePlot(
          title: "Gates of \(trial.name)", horizontal: "lag, steps before the last one",
          vertical: "mean openness", isLogarithmic: false,
          lines: gates.map {
            LinePlot.Line(name: Self.meaning($0), points: trial.line($0) { $0.mean })
          }))
    }
    return plots
  }
}

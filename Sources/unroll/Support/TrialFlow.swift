import ArgumentParser
import Pictures
import Postgres
import Search
import Store

/// How gradients flowed in one layer of a trial, as rows have it.
struct TrialFlow {
  /// The number of the trial with its first settings.
  let name: String
  /// Of each epoch that was measured.
  let verdicts: [FlowMeasurement]
  /// Of the epoch that is shown.
  let last: FlowMeasurement
  let points: [FlowMeasurement.Point]

  /// Reads what was measured.
  ///
  /// - Parameters:
  ///   - database: Where.
  ///   - trial: Of which trial.
  ///   - epoch: After which epoch; nil for the last one that was measured.
  ///   - layer: In which layer, from 0.
  /// - Throws: `ValidationError` if nothing was.
  init(_ database: Database, trial: Int, epoch: Int? = nil, layer: Int = 0) throws {
    let report = try database.trial(id: trial)
    verdicts = try database.gradientVerdicts(trial: trial).filter { $0.layer == layer }
    guard let last = verdicts.last(where: { epoch == nil || $0.epoch == epoch }) else {
      let what = [epoch.map { "epoch \($0)" }, layer > 0 ? "layer \(layer)" : nil]
        .compactMap { $0 }.joined(separator: ", ")
      throw ValidationError(
        "trial \(trial) has no measurement\(what.isEmpty ? "" : " of \(what)"); "
          + "a sweep with probe: epoch makes them.")
    }
    self.last = last
    let assignment = (try? Assignment(json: report.params.text)) ?? Assignment([:])
    let words = assignment.map {
      "\($0.path.split(separator: ".").last ?? "") \(Format.value($0.value))"
    }
    name = ([String(trial)] + words.prefix(3)).joined(separator: " ")
    points = try database.gradientFlow(trial: trial, epoch: last.epoch, layer: layer)
  }

  /// One quantity by lag; its median if not said otherwise.
  func line(
    _ measure: String, _ value: (FlowMeasurement.Point) -> Double = { $0.median }
  ) -> [Point] {
    points.filter { $0.measure == measure }.map { Point(Double($0.lag), value($0)) }
  }

  private var gates: [String] {
    Set(points.map(\.measure)).filter { $0.hasPrefix("gate_") }.sorted()
  }

  /// What a gate does.
  static func meaning(_ gate: String) -> String {
    switch gate {
    case "gate_i": "i, what is stored"
    case "gate_f": "f, what is kept"
    case "gate_o": "o, what is read"
    case "gate_r": "r, what of the past is seen"
    default: "z, what is kept"
    }
  }

  /// A picture of several trials.
  static func picture(_ flows: [TrialFlow], layer: Int = 0) -> Picture {
    let epochs = Set(flows.map(\.last.epoch)).sorted().map(String.init).joined(separator: ", ")
    let who = flows.map(\.name).joined(separator: "; ")
    return GradientFlow(
      title: "Gradients back through time, layer \(layer), after epoch \(epochs)",
      subtitle: flows.count == 1
        ? "trial \(who): \(flows[0].last.verdict), \(flows[0].last.reason)" : "",
      trials: flows.map { flow in
        GradientFlow.Trial(
          name: flow.name, jacobian: flow.line("jacobian"),
          jacobianBand: flow.points.filter { $0.measure == "jacobian" }
            .map { Band(Double($0.lag), low: $0.low, high: $0.high) },
          gradient: flow.line("state_gradient"),
          gates: flow.gates.map { LinePlot.Line(meaning($0), flow.line($0) { $0.mean }) })
      }
    ).picture()
  }
}

import ArgumentParser
import Search

/// What a picture shows.
enum PlotKind: String, CaseIterable {
  case curves
  case parallel
  case slice
  case contour
  case importance
  case rank
  case timeline
  case pareto
  case forecast
  case confusion
  case gradients

  /// - Throws: `ValidationError` for a name that is none.
  init(named name: String) throws {
    guard let kind = Self(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue)
      let meant = Spelling.nearest(to: name, among: names).map { "; did you mean \"\($0)\"?" }
      throw ValidationError(
        "no kind of picture is called \"\(name)\"; there are: \(names.joined(separator: ", "))"
          + (meant ?? ""))
    }
    self = kind
  }

  /// Whether it is about one trial, not about a sweep.
  var isOfTrial: Bool { [.forecast, .confusion, .gradients].contains(self) }

  /// Whether characters can show it.
  var isText: Bool { [.curves, .importance, .timeline, .confusion].contains(self) }

  /// What it shows, in a line of the help.
  var meaning: String {
    switch self {
    case .curves: "the objective by epoch, best trials named; of trials: loss too"
    case .parallel: "each trial a line over its settings to what it reached"
    case .slice: "what was reached over each setting by itself"
    case .contour: "what was reached over two settings, as a surface"
    case .importance: "which settings mattered"
    case .rank: "pairs of settings, trials coloured by rank"
    case .timeline: "which worker was at work on what, and when"
    case .pareto: "metrics against each other, with the front"
    case .forecast: "what a trial forecast, against the truth and persistence"
    case .confusion: "which classes a trial's model takes for which"
    case .gradients: "gradients and gates back through time (probe: epoch)"
    }
  }
}

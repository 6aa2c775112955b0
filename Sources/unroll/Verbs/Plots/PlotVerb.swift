import ArgumentParser
import Pictures
import Postgres
import Store

struct PlotVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw what a sweep or a trial came to, as SVG or PNG.",
    discussion: PlotKind.allCases.map { kind in
      "  " + kind.rawValue + String(repeating: " ", count: 13 - kind.rawValue.count) + kind.meaning
    }.joined(separator: "\n") + """


      A kind about one trial takes its number, or a sweep by name: then its best trial. Without -o, curves, \
      importance, timeline and confusion are shown as text.

        unroll plot curves latest -o curves.svg
        unroll plot contour latest --params rate,hidden -o contour.png --theme dark
        unroll plot confusion 12 -o confusion.png
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(help: ArgumentHelp("What to show, from the list above.", valueName: "kind"))
  var kind: String
  @Argument(
    help: ArgumentHelp(
      "The sweep: its number, its name, or latest; for a kind about one trial, the number of the trial.",
      valueName: "sweep|trial"))
  var target: String?
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file: .svg, .png, or - for SVG on standard output.", valueName: "file"))
  var output: String?
  @Option(help: "light or dark; if not said, SVG follows its reader and PNG is light.")
  var theme: String?
  @Option(
    help: ArgumentHelp(
      "Trials by number instead of a sweep, for curves, forecast, confusion and gradients; may be said again.",
      valueName: "id"))
  var trial: [Int] = []
  @Option(
    help: ArgumentHelp(
      "Settings with commas, such as rate,hidden, for parallel, slice, contour and rank; the most important "
        + "ones if not said.", valueName: "names"))
  var params: String?
  @Option(
    help: ArgumentHelp(
      "Metrics with commas: two or more for pareto, one or more for curves.", valueName: "names"))
  var metrics: String?
  @Option(help: "The split, for curves, forecast and confusion.")
  var split: String?
  @Option(
    help: ArgumentHelp(
      "Which series of several by name or number, for forecast; the first if not said.",
      valueName: "series"))
  var series: String?
  @Option(
    help: ArgumentHelp("How many steps ahead, for forecast; 1 if not said.", valueName: "steps"))
  var step: Int?
  @Option(
    help: ArgumentHelp(
      "How many forecasts are drawn, from the first on, 300 if not said; errors are over all.",
      valueName: "n"))
  var most: Int?

  func run() throws {
    let kind = try PlotKind(named: kind)
    try refuseUnused(kind)
    if let step, step < 1 { throw ValidationError("--step: found \(step), allowed: at least 1") }
    if let most, most < 2 { throw ValidationError("--most: found \(most), allowed: at least 2") }
    let theme = try self.theme.map { name in
      guard let theme = Theme(rawValue: name), theme != .automatic else {
        throw ValidationError("--theme: found \(name), allowed: light or dark")
      }
      return theme
    }
    let file = try output.map(PlotFile.init)
    if file == nil, !kind.isText {
      throw ValidationError(
        "\(kind) needs a file: -o FILE.svg or -o FILE.png; as text there are curves, importance, timeline and confusion"
      )
    }
    guard (target == nil) != trial.isEmpty else {
      throw ValidationError(
        target == nil
          ? "say which sweep, or which trial" : "say either a sweep or --trial, not both")
    }
    try database.withDatabase { database in
      let plot = try plot(kind, database)
      guard let file else {
        for line in plot.lines?(Terminal.width ?? 100) ?? [] { print(line) }
        return
      }
      try file.write(plot.picture(), theme)
      if file.path != "-" { print("written to \(file.path)") }
    }
  }

  /// Refuses options that a kind does not have: a picture that ignored one would tell something else than
  /// was asked.
  private func refuseUnused(_ kind: PlotKind) throws {
    let options: [(name: String, isSaid: Bool, kinds: [PlotKind])] = [
      ("--params", params != nil, [.parallel, .slice, .contour, .rank]),
      ("--metrics", metrics != nil, [.curves, .pareto]),
      ("--split", split != nil, [.curves, .forecast, .confusion]),
      ("--series", series != nil, [.forecast]), ("--step", step != nil, [.forecast]),
      ("--most", most != nil, [.forecast]),
    ]
    guard let unused = options.first(where: { $0.isSaid && !$0.kinds.contains(kind) }) else {
      return
    }
    throw ValidationError(
      "\(unused.name): found beside \(kind), allowed: with "
        + unused.kinds.map(\.rawValue).joined(separator: ", "))
  }

  private func plot(_ kind: PlotKind, _ database: Database) throws -> Plot {
    let source = PlotSource(
      database: database, params: params?.listedNames, metrics: metrics?.listedNames, split: split)
    if kind.isOfTrial {
      let trials = try trial.isEmpty ? [source.trial(target ?? "")] : trial
      if kind == .gradients { return try source.gradients(trials) }
      guard trials.count == 1 else { throw ValidationError("\(kind) takes one trial") }
      if kind == .forecast {
        return try source.forecast(trials[0], series: series, step: step ?? 1, most: most ?? 300)
      }
      return try source.confusion(trials[0])
    }
    if !trial.isEmpty {
      guard kind == .curves else { throw ValidationError("\(kind) takes a sweep, not --trial") }
      return try source.curves(trials: trial)
    }
    let sweep = try database.sweep(matching: target ?? "")
    switch kind {
    case .curves: return try source.curves(sweep)
    case .parallel:
      return Plot(ParallelCoordinates(try source.trials(sweep, "over all settings")).picture)
    case .slice: return Plot(SlicePicture(try source.trials(sweep, "over each setting")).picture)
    case .contour:
      return Plot(ContourPicture(try source.trials(sweep, "over two settings", least: 2)).picture)
    case .rank:
      return Plot(
        RankPicture(try source.trials(sweep, "by rank, over pairs of settings", least: 2)).picture)
    case .importance: return try source.importance(sweep)
    case .timeline: return try source.timeline(sweep)
    case .pareto: return try source.pareto(sweep)
    case .forecast, .confusion, .gradients: preconditionFailure("a kind about a trial")
    }
  }
}

/// A picture that can be drawn, and the same as text where that makes sense.
struct Plot {
  let picture: () -> Picture
  let lines: ((_ width: Int) -> [String])?

  init(_ picture: @escaping () -> Picture, lines: ((Int) -> [String])? = nil) {
    (self.picture, self.lines) = (picture, lines)
  }
}

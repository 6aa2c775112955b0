import Testing

@testable import Pictures

/// Pictures of what came of trials: curves, importance, classes, time, fronts, gradients.
@Suite struct ResultPictureTests {
  // MARK: Learning curves

  private func curves(_ lines: [LinePlot.Line], background: [[Point]] = []) -> LearningCurves {
    LearningCurves(
      title: "Sweep 3",
      plots: [
        LinePlot(
          title: "validation loss", horizontal: "epoch", vertical: "loss", lines: lines,
          background: background, backgroundName: "other trials",
          levels: [.init("naive-bayes", at: 0.4)], places: [.init("best epoch", at: 2)])
      ])
  }

  @Test func `curves have names, levels and whole epochs`() throws {
    let markup = try checked(
      curves([.init("trial 7", [Point(1, 0.9), Point(2, 0.5), Point(3, 0.6)])]).picture())
    for text in [
      "Sweep 3", "validation loss", "trial 7", "naive-bayes", "best epoch", "epoch", "2",
    ] {
      #expect(markup.says(text), "\(text)")
    }
    #expect(!markup.says("1.5"))
  }

  @Test func `a level beyond the axis stands at its end with its value`() throws {
    func picture(_ level: Double) -> LearningCurves {
      var curves = curves([.init("trial 7", [Point(1, 2), Point(2, 1.5), Point(3, 1.4)])])
      curves.plots[0].levels = [.init("unigram", at: level)]
      return curves
    }
    #expect(try checked(picture(3.35).picture()).says("unigram: 3.350, above"))
    #expect(try checked(picture(0.1).picture()).says("unigram: 0.1000, below"))
    #expect(try checked(picture(2.5).picture()).says("unigram"))
    #expect(
      Extent(low: 1, high: 10).reaching([100, 0.05, 0, -1], kind: .logarithmic)
        == Extent(low: 1, high: 100))
  }

  @Test func `a gap is left where there is no number`() throws {
    let points = [Point(1, 1), Point(2, .nan), Point(3, 1), Point(4, 2), Point(5, .infinity)]
    let panel = Panel(
      Box(left: 0, top: 0, right: 400, bottom: 300),
      x: Axis(title: "", extent: Extent(low: 1, high: 5)),
      y: Axis(title: "", extent: Extent(low: 1, high: 2)))
    let data = LinePath.data(points, panel)
    #expect(data.count { $0 == "M" } == 2 && data.count { $0 == "L" } == 1)
    #expect(data.contains("h0"))
    let markup = try checked(curves([.init("a", points)]).picture())
    #expect(markup.says("a"))
  }

  @Test func `curves without values, with one, or all equal`() throws {
    #expect(try checked(curves([]).picture()).tells("no finite values"))
    #expect(try checked(curves([.init("a", [Point(1, .nan)])]).picture()).tells("no finite values"))
    #expect(try checked(curves([.init("a", [Point(1, 3)])]).picture()).says("a"))
    #expect(
      try checked(curves([.init("a", (1...9).map { Point(Double($0), 0.5) })]).picture()).says("a"))
    let text = curves([]).lines(width: 80)
    #expect(text.contains { $0.contains("no finite values") })
  }

  @Test func `a loss over decades has a logarithmic axis`() throws {
    let points = (0..<20).map { Point(Double($0), 1 / Double(1 + $0 * $0 * $0)) }
    #expect(try checked(curves([.init("a", points)]).picture()).tells("(logarithmic)"))
  }

  @Test func `ten thousand curves stay small`() throws {
    let behind = (0..<10_000).map { trial in
      (1...30).map { Point(Double($0), Double(trial % 100) / 100 + 1 / Double($0)) }
    }
    let picture = curves([.init("best", behind[0])], background: behind).picture()
    let markup = try checked(picture, most: 400_000)
    #expect(markup.tells("of 10\u{202F}000 other trials are drawn"))
  }

  @Test func `one that diverged does not press the others together, and is told of`() throws {
    let behind = (0..<20).map { trial in
      (1...5).map { Point(Double($0), 0.5 + Double(trial) / 100) }
    }
    let wild = [Point(1, 1), Point(2, 1e9), Point(3, 1e12)]
    let markup = try checked(
      curves([.init("a", behind[3])], background: behind + [wild]).picture())
    #expect(markup.tells("values of 1 of the other trials go beyond"))
    #expect(markup.says("0.60") && !markup.tells("e+"))
  }

  @Test func `long lines keep what is seen of them`() {
    let panel = Panel(
      Box(left: 0, top: 0, right: 400, bottom: 300),
      x: Axis(title: "", extent: Extent(low: 0, high: 99_999)),
      y: Axis(title: "", extent: Extent(low: 0, high: 10)))
    var points = (0..<100_000).map { Point(Double($0), 5) }
    points[50_000].y = 10
    let data = LinePath.data(points, panel)
    #expect(data.utf8.count < 30_000)
    #expect(data.contains(Drawing.point(panel.x.place(50_000) ?? 0, panel.y.place(10) ?? 0)))
  }

  @Test func `a band has the colour of its line in the legend`() throws {
    let line = LinePlot.Line(
      "a", [Point(1, 0.9), Point(2, 0.5)], band: [Band(1, low: 0.8, high: 1)])
    let plain = LinePlot.Line("b", [Point(1, 0.7), Point(2, 0.6)])
    func patches(_ lines: [LinePlot.Line]) throws -> [String] {
      try checked(curves(lines).picture()).attributes["rect.class"] ?? []
    }
    let (one, both) = (try patches([plain, line]), try patches([line, line]))
    #expect(one.contains("f1") && !one.contains("f7"), "\(one)")
    #expect(both.contains("f7"), "\(both)")
  }

  @Test func `long names are broken into lines, not cut`() throws {
    let names = (1...8).map {
      "\($0): 0.98\($0), lstm, dropout 0.2\($0), hidden 64, momentum 0.9, optimizer sgd, rate 0.00\($0)"
    }
    let markup = try checked(
      curves(names.map { .init($0, [Point(1, 0.9), Point(2, 0.5)]) }).picture())
    #expect(!markup.tells("…"))
    for index in 1...8 { #expect(markup.tells("0.00\(index)")) }
    // A hundred of them have no room: as many as have one are there, and the others are counted.
    let many = try checked(
      curves((0..<100).map { .init("\(names[$0 % 8])", [Point(1, 0.9)]) }).picture())
    #expect(many.tells("…") && many.tells(" more"))
  }

  @Test func `a trial of one epoch is a dot behind the others`() throws {
    let picture = curves(
      [.init("a", [Point(1, 0.9), Point(2, 0.5)])], background: [[Point(1, 0.7)]]
    ).picture()
    #expect(try checked(picture).attributes["path.stroke-width"]?.contains("4.5") == true)
  }

  @Test func `the name of a level stands where no line goes`() throws {
    func left(_ points: [Point]) throws -> Double {
      let svg = curves([.init("a", points)]).picture().svg()
      let line = try #require(svg.split(separator: "\n").first { $0.contains(">naive-bayes<") })
      let place = try #require(line.split(separator: "\"").dropFirst().first.flatMap { Double($0) })
      return place
    }
    let falling = (0...9).map { Point(Double($0), 1.3 - Double($0) / 10) }
    let rising = (0...9).map { Point(Double($0), 0.4 + Double($0) / 10) }
    #expect(try left(falling) < 200 && left(rising) > 400)
  }

  // MARK: Importance

  @Test func `importance is bars with their numbers`() throws {
    let bars = ImportanceBars(
      title: "What mattered", subtitle: "PED-ANOVA",
      shares: [
        .init("training.rate", 0.75, trials: 9), .init("model.cell", 0.25), .init("odd", .nan),
      ])
    let markup = try checked(bars.picture())
    #expect(markup.says("training.rate") && markup.says("0.750") && !markup.says("odd"))
    let widths = (markup.attributes["rect.width"] ?? []).compactMap(Double.init)
    #expect(widths.count == 3 && abs(widths[1] / widths[2] - 3) < 0.01)
    let text = bars.lines(width: 40)
    #expect(text[2] == "training.rate  0.750 " + String(repeating: "█", count: 17))
    #expect(text.allSatisfy { $0.count <= 40 })
    #expect(
      try checked(ImportanceBars(title: "t", shares: []).picture()).tells("nothing to compare"))
    #expect(try checked(ImportanceBars(title: "t", shares: [.init("a", 0)]).picture()).says("a"))
  }

  // MARK: Confusion

  private static let cells: [ConfusionMatrix.Cell] = [
    .init(actual: "ham", predicted: "ham", count: 90),
    .init(actual: "ham", predicted: "spam", count: 10),
    .init(actual: "spam", predicted: "spam", count: 30),
    .init(actual: "spam", predicted: "ham", count: 20),
  ]

  @Test func `classes have counts, recall and precision`() throws {
    let matrix = ConfusionMatrix(title: "Trial 7", subtitle: "test split", cells: Self.cells)
    #expect(matrix.labels == ["ham", "spam"])
    #expect(matrix.recall(0) == 0.9 && matrix.recall(1) == 0.6 && matrix.precision(1) == 0.75)
    let markup = try checked(matrix.picture())
    for text in ["90", "10", "20", "30", "0.900", "0.600", "0.750", "actual", "predicted"] {
      #expect(markup.says(text), "\(text)")
    }
    #expect(markup.tells("120 of 150 on the diagonal: accuracy 0.8000"))
    let lines = matrix.lines(width: 60)
    #expect(lines.contains { $0.contains("ham") && $0.contains("90") && $0.hasSuffix("0.900") })
    #expect(lines.allSatisfy { $0.count <= 60 })
  }

  @Test func `classes of any number and name are drawn`() throws {
    #expect(try checked(ConfusionMatrix(title: "t", cells: []).picture()).tells("no predictions"))
    let one = ConfusionMatrix(title: "t", cells: [.init(actual: "a", predicted: "a", count: 0)])
    #expect(one.recall(0) == nil)
    _ = try checked(one.picture())
    let many = ConfusionMatrix(
      title: "t",
      cells: (0..<120).map {
        .init(actual: "\($0)", predicted: "\($0 * 7 % 120)", count: $0 == 3 ? -5 : $0)
      })
    #expect(many.labels.prefix(3) == ["0", "1", "2"])
    _ = try checked(many.picture(), most: 600_000)
    #expect(many.lines(width: 80).contains { $0.contains("119 taken for 113: 119") })
    let alike = try checked(
      ConfusionMatrix(
        title: "t",
        cells: (10..<50).map {
          let name = "a class with a long name that is number \($0)"
          return .init(actual: name, predicted: name, count: 1)
        }
      ).picture())
    for number in 10..<50 {
      #expect(alike.texts.contains { $0.hasPrefix("a class") && $0.hasSuffix("\(number)") })
    }
    let long = ConfusionMatrix(
      title: "t",
      cells: [.init(actual: String(repeating: "<&>", count: 99), predicted: "é", count: 1)])
    #expect(try checked(long.picture()).tells("…"))
  }

  // MARK: Time

  private static let attempts: [Timeline.Attempt] = [
    .init(worker: "a:1", begin: 1000, end: 1010, outcome: "succeeded", name: "trial 1"),
    .init(worker: "a:1", begin: 1002, end: 1006, outcome: "lost", name: "trial 2"),
    .init(worker: "b:2", begin: 1000, end: 1020, outcome: "odd", name: "trial 3"),
    .init(worker: "a:1", begin: 1010, end: 1020, outcome: "pruned", name: "trial 4"),
    .init(worker: "b:2", begin: 1020, end: 1010, outcome: "pruned", name: "backwards"),
    .init(worker: "b:2", begin: .nan, end: 1010, outcome: "pruned", name: "never"),
  ]

  @Test func `a worker with two attempts at a time has two rows`() throws {
    let timeline = Timeline(title: "Sweep 3", attempts: Self.attempts)
    let lanes = timeline.lanes()
    #expect(lanes.map(\.worker) == ["a:1", "a:1", "b:2"])
    #expect(
      lanes.map { $0.attempts.map(\.name) } == [["trial 1", "trial 4"], ["trial 2"], ["trial 3"]])
    let markup = try checked(timeline.picture())
    for text in ["a:1", "b:2", "succeeded 1", "lost 1", "odd 1", "0 s", "10 s", "20 s"] {
      #expect(markup.says(text), "\(text)")
    }
    #expect(markup.tells("trial 4: pruned, 10 s"))
    #expect(markup.tells("4 attempts in 3 slots, which were at work for 73 % of the time"))
  }

  @Test func `a timeline as text`() {
    let lines = Timeline(title: "Sweep 3", attempts: Self.attempts).lines(width: 26)
    #expect(
      lines[2] == "a:1 │" + String(repeating: "█", count: 10) + String(repeating: "▓", count: 10))
    #expect(lines[3].hasPrefix("    │  !!!!"))
    #expect(lines.contains("█ succeeded 1   ▓ pruned 1") && lines.contains("! lost 1   ? odd 1"))
    #expect(lines.allSatisfy { $0.count <= 26 })
    let one = Timeline(
      title: "t", attempts: [.init(worker: "w", begin: 5, end: 5, outcome: "failed")])
    #expect(one.lines(width: 40).contains { $0.hasPrefix("w │x") })
    #expect(
      Timeline(title: "t", attempts: []).lines(width: 40).last == "No worker has taken a trial yet."
    )
  }

  @Test func `timelines of no, one and ten thousand attempts`() throws {
    #expect(try checked(Timeline(title: "t", attempts: []).picture()).tells("No worker"))
    let one = Timeline(
      title: "t", attempts: [.init(worker: "w", begin: 5, end: 5, outcome: "failed")])
    #expect(try checked(one.picture()).says("failed 1"))
    let many = Timeline(
      title: "t",
      attempts: (0..<10_000).map { index in
        let begin = Double(index / 100) * 3
        return .init(
          worker: "w:\(index % 100)", begin: begin, end: begin + 2.5,
          outcome: index % 7 == 0 ? "failed" : "succeeded")
      })
    let markup = try checked(many.picture(), most: 700_000)
    #expect(markup.elements.count < 600)
    #expect(many.lines(width: 100).count == 107)
  }

  // MARK: Fronts

  @Test func `the front has steps and numbers, the others neither`() throws {
    let picture = ParetoPicture(
      title: "Sweep 3",
      metrics: [.init("accuracy", isLessBetter: false), .init("seconds", isLessBetter: true)],
      candidates: [
        .init(id: 11, values: [0.9, 1], isFront: true),
        .init(id: 12, values: [0.95, 5], isFront: true),
        .init(id: 13, values: [0.8, 4], isFront: false),
        .init(id: 14, values: [.nan, 4], isFront: true),
      ])
    let markup = try checked(picture.picture())
    #expect(markup.says("11") && markup.says("12") && !markup.says("13") && !markup.says("14"))
    #expect(markup.says("accuracy (more is better)") && markup.says("seconds (less is better)"))
    // From the faster one to the right, then up to the more accurate one: never through the better.
    let steps = (markup.attributes["path.d"] ?? []).filter { data in
      data.count { $0 == "M" } == 1 && data.contains("H") && data.contains("V")
    }
    #expect(
      steps.contains { data in
        guard let across = data.firstIndex(of: "H"), let up = data.firstIndex(of: "V") else {
          return false
        }
        return across < up
      })
    let three = ParetoPicture(
      title: "t", metrics: ["a", "b", "c"].map { .init($0, isLessBetter: true) },
      candidates: (0..<10_000).map {
        .init(id: $0, values: [Double($0), Double(9999 - $0), 1], isFront: $0 % 50 == 0)
      })
    _ = try checked(three.picture(), most: 600_000)
    #expect(
      try checked(ParetoPicture(title: "t", metrics: picture.metrics, candidates: []).picture())
        .says(TrialSet.nothing))
  }

  @Test func `close neighbours of a front have a number each`() throws {
    // A few pixels apart: where one number stands, the next one needs another place.
    let close = ParetoPicture(
      title: "Sweep 3",
      metrics: [.init("loss", isLessBetter: true), .init("seconds", isLessBetter: true)],
      candidates: [
        .init(id: 101, values: [0.10, 9], isFront: true),
        .init(id: 102, values: [0.50, 5.00], isFront: true),
        .init(id: 103, values: [0.51, 4.95], isFront: true),
        .init(id: 104, values: [0.52, 4.90], isFront: true),
        .init(id: 105, values: [0.90, 1], isFront: true),
      ])
    let markup = try checked(close.picture())
    for id in 101...105 { #expect(markup.says(String(id)), "\(id)") }
  }

  // MARK: Gradients

  @Test func `gradients and gates`() throws {
    let lags = (0..<30).map(Double.init)
    let flow = GradientFlow(
      title: "Gradients",
      trials: [
        .init(
          name: "12 rnn", jacobian: lags.map { Point($0, 1 / (1 + $0 * $0 * $0)) }, gradient: []),
        .init(
          name: "13 lstm", jacobian: lags.map { Point($0, 1) },
          gradient: lags.map { Point($0, 0.1) },
          gates: [.init("f, what is kept", lags.map { Point($0, 0.9) })]),
      ])
    let markup = try checked(flow.picture())
    for text in ["Gates of 13 lstm", "f, what is kept", "12 rnn"] {
      #expect(markup.says(text), "\(text)")
    }
    #expect(markup.tells("What reaches back through time") && !markup.says("Gates of 12 rnn"))
    let nothing = GradientFlow(
      title: "t", trials: [.init(name: "a", jacobian: [Point(0, 0)], gradient: [])])
    _ = try checked(nothing.picture())
    #expect(try checked(GradientFlow(title: "t", trials: []).picture()).tells("no finite values"))
  }
}

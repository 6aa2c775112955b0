/// A forecast with its intervals against what came, and against a naive one.
public struct Forecast: Sendable {
  /// What the horizontal axis counts.
  public enum Horizontal: Sendable, Hashable {
    /// Steps, or anything else in numbers.
    case steps(String)
    /// Moments in seconds since 1970, shown in UTC.
    case moments(String)

    var title: String {
      switch self {
      case .steps(let title), .moments(let title): title
      }
    }
  }

  /// An interval in which the truth is expected.
  public struct Interval: Sendable {
    /// What it is, for instance `80 % interval`.
    public var name: String
    /// Its ends, as many as there are places; nil where it is not known.
    public var low, high: [Double?]

    /// An interval.
    public init(_ name: String, low: [Double?], high: [Double?]) {
      (self.name, self.low, self.high) = (name, low, high)
    }
  }

  /// A line over the places.
  public struct Line: Sendable {
    /// What it is.
    public var name: String
    /// As many values as there are places; nil where it is not known.
    public var values: [Double?]

    /// A line.
    public init(_ name: String, _ values: [Double?]) {
      (self.name, self.values) = (name, values)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it.
  public var subtitle: String
  /// What the horizontal axis counts.
  public var horizontal: Horizontal
  /// What is forecast, with its unit.
  public var vertical: String
  /// The places, rising.
  public var places: [Double]
  /// What came; also before the forecast begins.
  public var truth: Line
  /// What was expected: a mean or a median.
  public var forecast: Line
  /// Intervals around it.
  public var intervals: [Interval]
  /// What methods without a model expected.
  public var baselines: [Line]
  /// From where on the model had not seen the truth.
  public var begin: Double?
  /// The places that are drawn, of many; all if nil. Errors are told over all of them.
  public var shown: ClosedRange<Double>?
  /// Whether places follow each other. If not, each is an example by itself: nothing joins their points,
  /// and what a model says of one is called a prediction.
  public var isSeries: Bool

  /// A forecast.
  ///
  /// - Precondition: All lines and intervals have as many values as there are places.
  public init(
    title: String, subtitle: String = "", horizontal: Horizontal, vertical: String,
    places: [Double], truth: Line, forecast: Line, intervals: [Interval] = [],
    baselines: [Line] = [], begin: Double? = nil, shown: ClosedRange<Double>? = nil,
    isSeries: Bool = true
  ) {
    let lengths =
      [truth.values.count, forecast.values.count] + baselines.map(\.values.count)
      + intervals.flatMap { [$0.low.count, $0.high.count] }
    precondition(
      lengths.allSatisfy { $0 == places.count }, "\(places.count) places, \(lengths) values")
    (self.title, self.subtitle, self.horizontal) = (title, subtitle, horizontal)
    (self.vertical, self.places, self.truth, self.forecast) = (vertical, places, truth, forecast)
    (self.intervals, self.baselines, self.begin) = (intervals, baselines, begin)
    (self.shown, self.isSeries) = (shown, isSeries)
  }

  /// What a model says of a place.
  private var word: String { isSeries ? "forecast" : "prediction" }

  /// The picture: the lines above, what the forecast missed by below.
  public func picture() -> Picture {
    guard let shown else { return picture(notes: errors) }
    let part = part(shown)
    let (all, drawn) = (forecastCount, part.forecastCount)
    let note = "Of \(NumberText.count(all)) \(word)s \(NumberText.count(drawn)) are drawn."
    return part.picture(notes: errors + (drawn < all ? [note] : []))
  }

  private var forecastCount: Int { forecast.values.count { $0 != nil } }

  /// What lies within a range of places.
  private func part(_ range: ClosedRange<Double>) -> Forecast {
    let kept = places.indices.filter { range.contains(places[$0]) }
    func values(_ all: [Double?]) -> [Double?] { kept.map { all[$0] } }
    func line(_ line: Line) -> Line { Line(line.name, values(line.values)) }
    return Forecast(
      title: title, subtitle: subtitle, horizontal: horizontal, vertical: vertical,
      places: kept.map { places[$0] }, truth: line(truth), forecast: line(forecast),
      intervals: intervals.map { Interval($0.name, low: values($0.low), high: values($0.high)) },
      baselines: baselines.map(line), begin: begin, isSeries: isSeries)
  }

  private func picture(notes: [String]) -> Picture {
    var canvas = Canvas(width: 980, title: title, subtitle: subtitle)
    let all = [truth.values, forecast.values] + intervals.flatMap { [$0.low, $0.high] }
    let extent = Extent(all.flatMap { $0.compactMap { $0 } })
    guard let extent, let across = Extent(places) else {
      return canvas.empty("There are no predictions to draw yet.")
    }
    let kind =
      if case .moments = horizontal { ScaleKind.moments } else {
        places.allSatisfy { $0 == $0.rounded() } ? ScaleKind.whole : .linear
      }
    var whole = canvas.box(height: 360)
    let legend = legend(within: whole.width - 40)
    whole.bottom += Double(legend.count) * Self.row
    draw(legend, &canvas.drawing, left: whole.left + 40, top: whole.top - 2)
    let naive = Extent.bulk(baselines.flatMap { $0.values.compactMap { $0 } })
    var upper = whole
    upper.top += Double(legend.count) * Self.row + 2
    let lower = Box(
      left: whole.left, top: whole.bottom + 8, right: whole.right, bottom: whole.bottom + 178)
    let x = Axis(title: "", kind: kind, extent: across, air: 0.01)
    let y = Axis(title: vertical, extent: extent.joined(naive))
    // One left end for both, so that a miss stands under what was missed.
    let left = max(
      Panel(upper, x: x, y: y).plot.left, Panel(lower, x: x, y: residualAxis).plot.left)
    let panel = Panel(upper, x: x, y: y, leastLeft: left)
    panel.draw(&canvas.drawing)
    canvas.drawing.clipped(to: panel.plot) { lines(&$0, panel) }
    if let begin, let x = panel.x.place(begin) {
      canvas.drawing.line(x, panel.plot.top, x, panel.plot.bottom, "mark", dash: "1 4")
      let isRoom = x + 5 + TextWidth.of("forecast", size: 11) <= panel.plot.right
      canvas.drawing.write(
        "forecast", x: isRoom ? x + 5 : x - 5, y: panel.plot.top + 13,
        TextStyle(name: "muted halo", anchor: isRoom ? .start : .end, size: 11))
    }

    let below = Axis(title: horizontal.title, kind: kind, extent: across, air: 0.01)
    residuals(&canvas.drawing, Panel(lower, x: below, y: residualAxis, leastLeft: left))
    return canvas.finish(lower.bottom, notes: notes)
  }

  private func points(_ values: [Double?]) -> [Point] {
    zip(places, values).map { Point($0, $1 ?? .nan) }
  }

  private func lines(_ drawing: inout Drawing, _ panel: Panel) {
    for interval in intervals {
      let band = zip(places, zip(interval.low, interval.high)).map { place, ends in
        Band(place, low: ends.0 ?? .nan, high: ends.1 ?? .nan)
      }
      if isSeries {
        drawing.path(LinePath.band(band, panel), "f0", opacity: 0.2)
      } else {
        // One by one, since a band would join them.
        drawing.path(
          band.map { LinePath.band([$0], panel) }.joined(), "f0", opacity: 0.2)
      }
    }
    for (index, baseline) in baselines.enumerated() {
      let (name, dash) = Self.naive(index)
      draw(baseline.values, name, width: 1.3, dash: dash, &drawing, panel)
    }
    draw(truth.values, "mark", width: 1.5, &drawing, panel)
    draw(forecast.values, "s0", width: 2, &drawing, panel)
  }

  private static func naive(_ index: Int) -> (name: String, dash: String) {
    index == 0 ? ("s4", "5 3") : ("s3", "2 3")
  }

  /// A line; where there are few values, or none beside one, each is a dot too. Without a line where
  /// places do not follow each other.
  private func draw(
    _ values: [Double?], _ name: String, width: Double, dash: String = "",
    _ drawing: inout Drawing, _ panel: Panel
  ) {
    let points = points(values)
    if isSeries {
      drawing.path(LinePath.data(points, panel), name, width: width, dash: dash, isRound: true)
    }
    let isFew = !isSeries || points.count { $0.y.isFinite } <= 12
    let dots = points.indices.filter { index in
      let isAlone = [index - 1, index + 1].allSatisfy {
        !points.indices.contains($0) || !points[$0].y.isFinite
      }
      return points[index].y.isFinite && (isFew || isAlone)
    }
    // Without a dash, which a dot has no length for.
    drawing.path(
      dots.map { LinePath.data([points[$0]], panel) }.joined(), name, width: isSeries ? 6 : 5,
      isRound: true)
  }

  private typealias Entry = (sample: Legend.Sample, text: String)
  private static let row = 20.0
  private static let sampleWidth = 34.0
  private static let entryGap = 22.0

  private func width(_ entry: Entry) -> Double {
    Self.sampleWidth + TextWidth.of(entry.text) + Self.entryGap
  }

  /// What the lines mean, as many entries in a row as fit.
  private func legend(within room: Double) -> [[Entry]] {
    var entries: [Entry] =
      isSeries
      ? [(.line("mark", width: 1.5), truth.name), (.line("s0"), forecast.name)]
      : [(.point("mark"), truth.name), (.point("s0"), forecast.name)]
    entries += intervals.map { (.patch("f0", opacity: 0.2), $0.name) }
    entries += baselines.enumerated().map { index, baseline in
      let (name, dash) = Self.naive(index)
      let sample = isSeries ? Legend.Sample.line(name, dash: dash, width: 1.3) : .point(name)
      return (sample, baseline.name)
    }
    return entries.reduce(into: [[Entry]]()) { rows, entry in
      let text = TextWidth.fitting(entry.text, room - Self.sampleWidth - Self.entryGap)
      let entry = (entry.sample, text)
      let taken = rows.last.map { $0.reduce(0) { $0 + width($1) } } ?? room
      if taken + width(entry) <= room {
        rows[rows.count - 1].append(entry)
      } else {
        rows.append([entry])
      }
    }
  }

  private func draw(_ rows: [[Entry]], _ drawing: inout Drawing, left: Double, top: Double) {
    for (row, entries) in rows.enumerated() {
      var x = left
      for entry in entries {
        Legend([.init(sample: entry.sample, text: entry.text)]).draw(
          &drawing, left: x, top: top + Double(row) * Self.row, width: width(entry), height: 18)
        x += width(entry)
      }
    }
  }

  private var missed: [Double?] {
    zip(truth.values, forecast.values).map { truth, forecast in
      truth.flatMap { truth in forecast.map { $0 - truth } }
    }
  }

  private var residualAxis: Axis {
    Axis(
      title: "\(word) − truth",
      extent: Extent(missed.compactMap { $0 })?.joined(Extent(low: 0, high: 0)))
  }

  private func residuals(_ drawing: inout Drawing, _ panel: Panel) {
    panel.draw(&drawing)
    drawing.clipped(to: panel.plot) { drawing in
      if let y = panel.y.place(0) {
        drawing.line(panel.plot.left, y, panel.plot.right, y, "axis")
      }
      draw(missed, "s1", width: 1.3, &drawing, panel)
    }
  }

  /// The mean absolute error of a line where the truth and the forecast are known.
  func meanError(of values: [Double?]) -> (error: Double, count: Int)? {
    let errors = zip(truth.values, zip(forecast.values, values)).compactMap { truth, both in
      truth.flatMap { truth in both.0 == nil ? nil : both.1.map { abs(truth - $0) } }
    }.filter(\.isFinite)
    guard !errors.isEmpty else { return nil }
    return (errors.reduce(0, +) / Double(errors.count), errors.count)
  }

  private var errors: [String] {
    guard let own = meanError(of: forecast.values) else { return [] }
    var text =
      "Mean absolute error over \(NumberText.count(own.count)) "
      + "\(own.count == 1 ? "place" : "places"): \(NumberText.number(own.error))"
    for baseline in baselines {
      guard let naive = meanError(of: baseline.values) else { continue }
      text += "; \(baseline.name): \(NumberText.number(naive.error))"
      if naive.count != own.count { text += " over \(NumberText.count(naive.count))" }
    }
    return [text + "."]
  }
}

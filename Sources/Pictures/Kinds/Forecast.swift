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
  /// What a method without a model expected.
  public var baseline: Line?
  /// From where on the model had not seen the truth.
  public var begin: Double?

  /// A forecast.
  ///
  /// - Precondition: All lines and intervals have as many values as there are places.
  public init(
    title: String, subtitle: String = "", horizontal: Horizontal, vertical: String,
    places: [Double], truth: Line, forecast: Line, intervals: [Interval] = [],
    baseline: Line? = nil, begin: Double? = nil
  ) {
    let lengths =
      [truth.values.count, forecast.values.count, baseline?.values.count ?? places.count]
      + intervals.flatMap { [$0.low.count, $0.high.count] }
    precondition(
      lengths.allSatisfy { $0 == places.count }, "\(places.count) places, \(lengths) values")
    (self.title, self.subtitle, self.horizontal) = (title, subtitle, horizontal)
    (self.vertical, self.places, self.truth, self.forecast) = (vertical, places, truth, forecast)
    (self.intervals, self.baseline, self.begin) = (intervals, baseline, begin)
  }

  /// The picture: the lines above, what the forecast missed by below.
  public func picture() -> Picture {
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
    let whole = canvas.box(height: 380)
    legend(&canvas.drawing, left: whole.left + 40, top: whole.top - 2, right: whole.right)
    let naive = Extent.bulk(baseline?.values.compactMap { $0 } ?? [])
    var upper = whole
    upper.top += 22
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
      canvas.drawing.write(
        "forecast", x: x + 5, y: panel.plot.top + 13, TextStyle(name: "muted halo", size: 11))
    }

    let below = Axis(title: horizontal.title, kind: kind, extent: across, air: 0.01)
    residuals(&canvas.drawing, Panel(lower, x: below, y: residualAxis, leastLeft: left))
    return canvas.finish(lower.bottom, notes: errors)
  }

  private func points(_ values: [Double?]) -> [Point] {
    zip(places, values).map { Point($0, $1 ?? .nan) }
  }

  private func lines(_ drawing: inout Drawing, _ panel: Panel) {
    for interval in intervals {
      let band = zip(places, zip(interval.low, interval.high)).map { place, ends in
        Band(place, low: ends.0 ?? .nan, high: ends.1 ?? .nan)
      }
      drawing.path(LinePath.band(band, panel), "f0", opacity: 0.2)
    }
    if let baseline {
      drawing.path(
        LinePath.data(points(baseline.values), panel), "s4", width: 1.3, dash: "5 3")
    }
    drawing.path(LinePath.data(points(truth.values), panel), "mark", width: 1.5, isRound: true)
    drawing.path(LinePath.data(points(forecast.values), panel), "s0", width: 2, isRound: true)
  }

  private func legend(_ drawing: inout Drawing, left: Double, top: Double, right: Double) {
    var entries: [(Legend.Sample, String)] = [
      (.line("mark", width: 1.5), truth.name), (.line("s0"), forecast.name),
    ]
    entries += intervals.map { (.patch("f0", opacity: 0.2), $0.name) }
    if let baseline { entries.append((.line("s4", dash: "5 3", width: 1.3), baseline.name)) }
    var x = left
    let room = (right - left) / Double(entries.count) - 58
    for (sample, name) in entries {
      let text = TextWidth.fitting(name, max(room, 60))
      let width = TextWidth.of(text)
      Legend([.init(sample: sample, text: text)]).draw(
        &drawing, left: x, top: top, width: 40 + width, height: 18)
      x += 34 + width + 22
    }
  }

  private var missed: [Double] {
    zip(truth.values, forecast.values).map { truth, forecast in
      truth.flatMap { truth in forecast.map { truth - $0 } } ?? .nan
    }
  }

  private var residualAxis: Axis {
    Axis(
      title: "truth − forecast", extent: Extent(missed)?.joined(Extent(low: 0, high: 0)))
  }

  private func residuals(_ drawing: inout Drawing, _ panel: Panel) {
    panel.draw(&drawing)
    drawing.clipped(to: panel.plot) { drawing in
      if let y = panel.y.place(0) {
        drawing.line(panel.plot.left, y, panel.plot.right, y, "axis")
      }
      let points = zip(places, missed).map { Point($0, $1) }
      drawing.path(LinePath.data(points, panel), "s1", width: 1.3, isRound: true)
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
      "Mean absolute error over \(NumberText.count(own.count)) places: "
      + NumberText.number(own.error)
    if let baseline, let naive = meanError(of: baseline.values) {
      text += "; \(baseline.name): \(NumberText.number(naive.error))"
    }
    return [text + "."]
  }
}

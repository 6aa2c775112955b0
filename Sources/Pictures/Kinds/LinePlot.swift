/// Lines over a shared axis, with what they are compared with.
public struct LinePlot: Sendable {
  /// A line with a name.
  public struct Line: Sendable {
    /// What the legend says.
    public var name: String
    /// Values that are not finite, or not positive on a logarithmic axis, leave a gap.
    public var points: [Point]
    /// An interval around it.
    public var band: [Band]

    /// A line.
    public init(_ name: String, _ points: [Point], band: [Band] = []) {
      (self.name, self.points, self.band) = (name, points, band)
    }
  }

  /// What the vertical axis is.
  public enum Vertical: Sendable {
    /// Even steps.
    case linear
    /// Powers of ten.
    case logarithmic
    /// Powers of ten if all values are above 0 and span a factor of fifty.
    case suitable
  }

  /// A level or a place that lines are compared with.
  public struct Mark: Sendable {
    /// What it is.
    public var name: String
    /// Where.
    public var value: Double

    /// A mark.
    public init(_ name: String, at value: Double) {
      (self.name, self.value) = (name, value)
    }
  }

  /// Above the plot.
  public var title: String
  /// What the horizontal axis counts.
  public var horizontal: String
  /// What the vertical axis measures.
  public var vertical: String
  /// How it does.
  public var axis: Vertical
  /// The lines that are looked at, at most about ten of them.
  public var lines: [Line]
  /// Lines behind them, thin and without a name.
  public var background: [[Point]]
  /// What `background` is, for the legend.
  public var backgroundName: String
  /// Horizontal lines.
  public var levels: [Mark]
  /// Vertical lines.
  public var places: [Mark]
  /// Whether the horizontal axis counts whole things.
  public var isWhole: Bool

  /// A plot.
  public init(
    title: String, horizontal: String, vertical: String, axis: Vertical = .suitable,
    lines: [Line], background: [[Point]] = [], backgroundName: String = "others",
    levels: [Mark] = [], places: [Mark] = [], isWhole: Bool = true
  ) {
    (self.title, self.horizontal, self.vertical) = (title, horizontal, vertical)
    (self.axis, self.lines, self.background) = (axis, lines, background)
    (self.backgroundName, self.levels, self.places) = (backgroundName, levels, places)
    self.isWhole = isWhole
  }

  /// As many lines as can be followed behind others, and as a document can hold.
  static let mostBehind = 400

  var hasValues: Bool {
    lines.contains { $0.points.contains { $0.y.isFinite } }
      || background.contains { $0.contains { $0.y.isFinite } }
  }

  /// Plots under each other as one picture.
  ///
  /// - Parameters:
  ///   - plots: The plots.
  ///   - title: Above all of them.
  ///   - subtitle: More about it.
  ///   - notes: Below all of them.
  /// - Returns: The picture.
  public static func picture(
    _ plots: [LinePlot], title: String, subtitle: String = "", notes: [String] = []
  ) -> Picture {
    let drawn = plots.filter(\.hasValues)
    var canvas = Canvas(width: 920, title: title, subtitle: subtitle)
    guard !drawn.isEmpty else { return canvas.empty("There are no finite values to draw yet.") }
    let height = drawn.count == 1 ? 420.0 : 300
    // One width for all legends, so that the axes stand under each other.
    let legendWidth = drawn.map { $0.legend.width() }.max() ?? 0
    let whole = canvas.box(height: height)
    let left = drawn.map { $0.panel(in: whole, legendWidth: legendWidth, left: 0).plot.left }.max()
    var notes = notes
    for (index, plot) in drawn.enumerated() {
      var box = canvas.box(height: height)
      box.top += Double(index) * (height + 14)
      box.bottom += Double(index) * (height + 14)
      notes += plot.draw(&canvas.drawing, box, legendWidth: legendWidth, left: left ?? 0)
    }
    return canvas.finish(
      canvas.top + Double(drawn.count) * (height + 14) - 14,
      notes: notes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
  }

  private var legend: Legend {
    var entries = lines.enumerated().map { index, line in
      let (name, dash) = Marks.line(index)
      return Legend.Entry(sample: .line(name, dash: dash), text: line.name)
    }
    let banded = lines.indices.filter { !lines[$0].band.isEmpty }
    if let first = banded.first {
      // Of several lines each has its band in its own colour.
      let colour = banded.count == 1 ? "f\(first % Marks.dashes.count)" : "f7"
      entries.append(Legend.Entry(sample: .patch(colour, opacity: 0.25), text: "10 % to 90 %"))
    }
    if !background.isEmpty {
      entries.append(Legend.Entry(sample: .line("faint", width: 1.2), text: backgroundName))
    }
    return Legend(entries)
  }

  /// Draws it and returns what is to be said about it.
  private func draw(
    _ drawing: inout Drawing, _ box: Box, legendWidth: Double, left: Double
  ) -> [String] {
    let panel = panel(in: box, legendWidth: legendWidth, left: left)
    panel.draw(&drawing)
    let behind = thinnedBackground
    drawing.clipped(to: panel.plot) { drawing in
      drawing.path(
        behind.map { LinePath.data($0, panel) }.joined(), "faint", width: 1, opacity: 0.7,
        isRound: true)
      // What ended after one epoch is no line, and would be lost.
      drawing.path(
        behind.filter { $0.count == 1 }.map { LinePath.data($0, panel) }.joined(), "faint",
        width: 4.5, isRound: true)
      for (index, line) in lines.enumerated() {
        drawing.path(
          LinePath.band(line.band, panel), "f\(index % Marks.dashes.count)", opacity: 0.16)
      }
      for mark in levels {
        guard let y = panel.y.place(mark.value) else { continue }
        drawing.line(panel.plot.left, y, panel.plot.right, y, "mark", width: 1, dash: "1 4")
      }
      for mark in places {
        guard let x = panel.x.place(mark.value) else { continue }
        drawing.line(x, panel.plot.top, x, panel.plot.bottom, "mark", width: 1, dash: "1 4")
      }
      // The first is the one that matters most: it lies on top.
      for (index, line) in lines.enumerated().reversed() {
        let (name, dash) = Marks.line(index)
        drawing.path(LinePath.data(line.points, panel), name, width: 2, dash: dash, isRound: true)
        if line.points.count <= 12 {
          for point in line.points {
            guard let place = panel.place(point.x, point.y) else { continue }
            drawing.circle(place.x, place.y, 3, "f\(index % Marks.dashes.count)")
          }
        }
      }
    }
    writeMarks(&drawing, panel)
    legend.draw(
      &drawing, left: box.right - legendWidth, top: panel.plot.top, width: legendWidth,
      height: panel.plot.height)
    return notes(panel, drawn: behind.count)
  }

  private func panel(in box: Box, legendWidth: Double, left: Double) -> Panel {
    let bright = lines.flatMap { $0.points.map(\.y) + $0.band.flatMap { [$0.low, $0.high] } }
    let behind = background.flatMap { $0.map(\.y) }
    let isLogarithmic =
      switch axis {
      case .linear: false
      case .logarithmic: true
      case .suitable: Extent.spansDecades(bright + behind)
      }
    let kind = isLogarithmic ? ScaleKind.logarithmic : .linear
    let marks = levels.map(\.value)
    let bulk = Extent.bulk(behind, kind: kind)
    let extent = Extent(bright, kind: kind).map { $0.joined(bulk) } ?? bulk
    var place = box
    place.right -= legendWidth > 0 ? legendWidth + 14 : 0
    let xs = lines.flatMap { $0.points.map(\.x) } + background.flatMap { $0.map(\.x) }
    return Panel(
      place, title: title,
      x: Axis(
        title: horizontal, kind: isWhole ? .whole : .linear, extent: Extent(xs), air: 0.02),
      y: Axis(
        title: vertical + (isLogarithmic ? " (logarithmic)" : ""), kind: kind,
        extent: extent.map { $0.reaching(marks, kind: kind) } ?? Extent(marks, kind: kind)),
      leastLeft: left)
  }

  /// Every so many-th of the lines behind, where there are more than can be told apart.
  private var thinnedBackground: [[Point]] {
    guard background.count > Self.mostBehind else { return background }
    let step = Double(background.count) / Double(Self.mostBehind)
    return (0..<Self.mostBehind).map { background[Int(Double($0) * step)] }
  }

  private func writeMarks(_ drawing: inout Drawing, _ panel: Panel) {
    writeLevels(&drawing, panel)
    for mark in places {
      guard let x = panel.x.place(mark.value) else { continue }
      let isRight = x + TextWidth.of(mark.name, size: 11) + 6 > panel.plot.right
      drawing.write(
        mark.name, x: x + (isRight ? -4 : 4),
        y: isBusyBelow(mark.value, panel) ? panel.plot.top + 12 : panel.plot.bottom - 6,
        TextStyle(name: "muted halo", anchor: isRight ? .end : .start, size: 11))
    }
  }

  /// Whether the lines are in the lower half at a place.
  private func isBusyBelow(_ x: Double, _ panel: Panel) -> Bool {
    let places = lines.compactMap { line in
      line.points.min { abs($0.x - x) < abs($1.x - x) }.flatMap { panel.y.place($0.y) }
    }
    let mean = places.reduce(0, +) / Double(max(places.count, 1))
    return mean > panel.plot.centre.y
  }

  private func notes(_ panel: Panel, drawn: Int) -> [String] {
    var notes: [String] = []
    if drawn < background.count {
      notes.append(
        "\(NumberText.count(drawn)) of \(NumberText.count(background.count)) \(backgroundName) are drawn."
      )
    }
    let leaving = background.count { curve in
      curve.contains {
        panel.y.place($0.y).map { $0 < panel.plot.top || $0 > panel.plot.bottom } ?? false
      }
    }
    if leaving > 0 {
      notes.append(
        "The values of \(NumberText.count(leaving)) of the \(backgroundName) go beyond the axis.")
    }
    return notes
  }
}

import Glibc

/// One direction of a plot.
struct Axis {
  /// What is measured, and in which unit.
  var title: String
  var kind = ScaleKind.linear
  /// The values that must have a place; nil if there are none.
  var extent: Extent?
  /// What share of the range is added at each end.
  var air = 0.04
}

/// The frame of a plot: two axes with grid, marks and titles around a box for what is drawn.
struct Panel {
  let title: String
  let plot: Box
  let x, y: Scale
  private let xTitle, yTitle: String
  private let xTicks, yTicks: Ticks
  private let outer: Box
  private let isTurned: Bool

  private static let turn = 35.0
  private static let longest = 120.0

  /// - Parameters:
  ///   - outer: The place for all of it.
  ///   - title: Above it; none if empty.
  ///   - xAxis: From left to right.
  ///   - yAxis: From bottom to top.
  ///   - leastLeft: Where the plot begins at the earliest, for plots to stand under each other.
  init(
    _ outer: Box, title: String = "", x xAxis: Axis, y yAxis: Axis, leastLeft: Double = 0
  ) {
    self.outer = outer
    self.title = title
    (xTitle, yTitle) = (xAxis.title, yAxis.title)
    let top = outer.top + (title.isEmpty ? 8 : 26)
    let right = outer.right - 8
    func vertical(_ bottom: Double) -> Scale {
      let isNamed = if case .names = yAxis.kind { true } else { false }
      // Names are read from top to bottom, numbers rise from bottom to top.
      return isNamed
        ? Scale(yAxis.kind, yAxis.extent, from: top, to: bottom, air: yAxis.air)
        : Scale(yAxis.kind, yAxis.extent, from: bottom, to: top, air: yAxis.air)
    }
    func marks(_ bottom: Double) -> Ticks {
      let scale = vertical(bottom)
      return scale.ticks(max(2, Int((bottom - top) / 44))).thinned(scale)
    }

    let titleRoom = xTitle.isEmpty ? 0.0 : 20
    var bottom = outer.bottom - 20 - titleRoom
    var ticks = marks(bottom)
    let widest = ticks.labelled.map { TextWidth.of($0.label) }.max() ?? 0
    let left = max(
      outer.left + (yTitle.isEmpty ? 0 : 20) + min(widest, Self.longest) + 8, leastLeft)
    let across = Scale(xAxis.kind, xAxis.extent, from: left, to: right, air: xAxis.air)
    var (below, isTurned) = Self.fitting(across)
    if isTurned {
      let longest = below.labelled.map { min(TextWidth.of($0.label), Self.longest) }.max() ?? 0
      bottom -= sin(Self.turn * .pi / 180) * longest
      ticks = marks(bottom)
      // A long name under the first mark must not leave the place to the left.
      let reach = cos(Self.turn * .pi / 180)
      below.labelled = below.labelled.map { tick in
        let room = ((across.place(tick.value) ?? left) - outer.left) / reach
        let label = TextWidth.fitting(tick.label, min(Self.longest, room))
        return Ticks.Tick(value: tick.value, label: label)
      }
    }
    (x, y, xTicks, yTicks, self.isTurned) = (across, vertical(bottom), below, ticks, isTurned)
    plot = Box(left: left, top: top, right: right, bottom: bottom)
  }

  /// As many marks as there is room for their labels; names that are too long for it are turned.
  private static func fitting(_ scale: Scale) -> (Ticks, isTurned: Bool) {
    if case .names = scale.kind {
      let ticks = scale.ticks(0)
      let widest = ticks.labelled.map { TextWidth.of($0.label) }.max() ?? 0
      return widest > scale.band - 6 ? (ticks.thinned(scale), true) : (ticks, false)
    }
    var count = max(2, Int(abs(scale.end - scale.start) / 64))
    var ticks = scale.ticks(count)
    while count > 2, !areApart(ticks, scale) {
      count -= 1
      ticks = scale.ticks(count)
    }
    return (ticks, false)
  }

  private static func areApart(_ ticks: Ticks, _ scale: Scale) -> Bool {
    zip(ticks.labelled, ticks.labelled.dropFirst()).allSatisfy { first, second in
      let width = (TextWidth.of(first.label) + TextWidth.of(second.label)) / 2
      return abs((scale.place(second.value) ?? 0) - (scale.place(first.value) ?? 0)) >= width + 10
    }
  }

  /// Draws all but what is in the plot.
  func draw(_ drawing: inout Drawing) {
    if !title.isEmpty {
      drawing.write(
        TextWidth.fitting(title, (outer.right - outer.left) / 1.1, size: 13),
        x: yTitle.isEmpty ? plot.left : outer.left, y: outer.top + 14,
        TextStyle(size: 13, isBold: true))
    }
    var grid = ""
    for tick in yTicks.labelled {
      guard let place = y.place(tick.value) else { continue }
      grid += "M\(Drawing.point(plot.left, place))H\(Drawing.number(plot.right))"
      drawing.write(
        TextWidth.fitting(tick.label, Self.longest), x: plot.left - 7, y: place + 4,
        TextStyle(anchor: .end))
    }
    for tick in xTicks.labelled {
      guard let place = x.place(tick.value) else { continue }
      grid += "M\(Drawing.point(place, plot.top))V\(Drawing.number(plot.bottom))"
      write(tick.label, below: place, &drawing)
    }
    drawing.path(grid, "grid", width: 1)
    drawing.path(minorMarks, "axis", width: 1)
    drawing.path(
      "M\(Drawing.point(plot.left, plot.top))V\(Drawing.number(plot.bottom))H\(Drawing.number(plot.right))",
      "axis", width: 1)
    if !xTitle.isEmpty {
      drawing.write(
        TextWidth.fitting(xTitle, outer.right - outer.left), x: plot.centre.x, y: outer.bottom - 4,
        TextStyle(anchor: .middle))
    }
    if !yTitle.isEmpty {
      // A title that is longer than the plot stands beside the middle of all of it.
      let room = outer.bottom - outer.top
      let isLong = TextWidth.of(yTitle) > plot.height
      drawing.write(
        TextWidth.fitting(yTitle, room), x: outer.left + 12,
        y: isLong ? (outer.top + outer.bottom) / 2 : plot.centre.y,
        TextStyle(anchor: .middle, turn: -90))
    }
  }

  private var minorMarks: String {
    yTicks.minor.compactMap(y.place).map {
      "M\(Drawing.point(plot.left - 3, $0))H\(Drawing.number(plot.left))"
    }.joined()
      + xTicks.minor.compactMap(x.place).map {
        "M\(Drawing.point($0, plot.bottom))V\(Drawing.number(plot.bottom + 3))"
      }.joined()
  }

  private func write(_ label: String, below place: Double, _ drawing: inout Drawing) {
    if isTurned {
      return drawing.write(
        label, x: place + 4, y: plot.bottom + 14, TextStyle(anchor: .end, turn: -Self.turn))
    }
    // The first and the last label stay within the place.
    let half = TextWidth.of(label) / 2
    let edge = outer.right + Canvas.margin - 6
    let shifted = min(max(place, outer.left + half), edge - half)
    drawing.write(label, x: shifted, y: plot.bottom + 17, TextStyle(anchor: .middle))
  }

  /// Where a point is; nil for one that has no place.
  func place(_ x: Double, _ y: Double) -> (x: Double, y: Double)? {
    guard let x = self.x.place(x), let y = self.y.place(y) else { return nil }
    return (x, y)
  }
}

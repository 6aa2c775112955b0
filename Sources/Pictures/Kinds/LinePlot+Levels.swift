extension LinePlot {
  /// Writes the names of levels, each at an end of its line, above or below it, where no line that is
  /// looked at goes through and no other name stands. Those beyond the axis stand at its end.
  func writeLevels(_ drawing: inout Drawing, _ panel: Panel) {
    let ways = lines.map { line in line.points.compactMap { panel.place($0.x, $0.y) } }
    var taken: [Box] = []
    let falling = levels.filter { $0.value.isFinite }.sorted { $0.value > $1.value }
    // Names below the axis stand on each other: the lowest comes first.
    let (lower, others) = (
      falling.filter { $0.value < panel.y.low }, falling.filter { $0.value >= panel.y.low }
    )
    for mark in others + lower.reversed() {
      // What has no logarithm is below all that has one.
      let y = panel.y.place(mark.value) ?? .infinity
      let isBeyond = y < panel.plot.top || y > panel.plot.bottom
      let name =
        isBeyond
        ? "\(mark.name): \(NumberText.number(mark.value)), \(y < panel.plot.top ? "above" : "below")"
        : mark.name
      let width = TextWidth.of(name, size: 11)
      let above = min(max(y - 4, panel.plot.top + 10), panel.plot.bottom - 4)
      let below = isBeyond ? above : y + 13
      let choices = [(above, true), (above, false), (below, true), (below, false)].map {
        baseline, isRight in
        let left = isRight ? panel.plot.right - 4 - width : panel.plot.left + 4
        return Box(left: left, top: baseline - 10, right: left + width, bottom: baseline + 3)
      }
      let free = choices.filter { box in !taken.contains { $0.overlaps(box) } }
      var box =
        free.first { box in !ways.contains { Self.crosses($0, box) } } ?? free.first ?? choices[0]
      while taken.contains(where: { $0.overlaps(box) }) {
        let step = y > panel.plot.bottom ? -13.0 : 13
        box.top += step
        box.bottom += step
      }
      taken.append(box)
      drawing.write(
        name, x: box.left, y: box.bottom - 3, TextStyle(name: "muted halo", size: 11))
    }
  }

  /// Whether a way through places comes near a box.
  private static func crosses(_ way: [(x: Double, y: Double)], _ box: Box) -> Bool {
    let near = Box(
      left: box.left - 3, top: box.top - 3, right: box.right + 3, bottom: box.bottom + 3)
    func isNear(_ x: Double, _ y: Double) -> Bool {
      x >= near.left && x <= near.right && y >= near.top && y <= near.bottom
    }
    if way.count == 1 { return isNear(way[0].x, way[0].y) }
    return zip(way, way.dropFirst()).contains { first, second in
      guard max(first.x, second.x) >= near.left, min(first.x, second.x) <= near.right else {
        return false
      }
      // A step of two pixels finds all that matters to an eye.
      let steps = max(Int(max(abs(second.x - first.x), abs(second.y - first.y)) / 2), 1)
      return (0...min(steps, 2000)).contains { step in
        let share = Double(step) / Double(min(steps, 2000))
        return isNear(
          first.x + (second.x - first.x) * share, first.y + (second.y - first.y) * share)
      }
    }
  }
}

extension Box {
  /// Whether two boxes share a place.
  func overlaps(_ other: Box) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }
}

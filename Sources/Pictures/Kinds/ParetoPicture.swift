/// What trials reached in two or three metrics, and those that no other trial beats in all.
public struct ParetoPicture: Sendable {
  /// A metric.
  public struct Metric: Sendable, Hashable {
    /// What it is called, with its unit.
    public var name: String
    /// Whether less of it is better.
    public var isLessBetter: Bool

    /// A metric.
    public init(_ name: String, isLessBetter: Bool) {
      (self.name, self.isLessBetter) = (name, isLessBetter)
    }
  }

  /// A trial.
  public struct Candidate: Sendable, Hashable {
    /// Its number, as a person names it.
    public var id: Int
    /// A value for each metric.
    public var values: [Double]
    /// Whether no other trial beats it in all metrics.
    public var isFront: Bool

    /// A trial.
    public init(id: Int, values: [Double], isFront: Bool) {
      (self.id, self.values, self.isFront) = (id, values, isFront)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it.
  public var subtitle: String
  /// The metrics; of more than three the first three are drawn.
  public var metrics: [Metric]
  /// The trials.
  public var candidates: [Candidate]

  /// A picture. Trials with a value that is not finite are left out.
  public init(title: String, subtitle: String = "", metrics: [Metric], candidates: [Candidate]) {
    (self.title, self.subtitle, self.metrics) = (title, subtitle, metrics)
    self.candidates = candidates.filter {
      $0.values.count == metrics.count && $0.values.allSatisfy { abs($0) < 1e150 }
    }
  }

  /// The picture: a plot for each pair of metrics.
  public func picture() -> Picture {
    let count = min(metrics.count, 3)
    let pairs = (0..<count).flatMap { second in (0..<second).map { (second, $0) } }
    var canvas = Canvas(
      width: pairs.count > 1 ? 980 : 820, title: title, subtitle: subtitle)
    guard !candidates.isEmpty, !pairs.isEmpty else { return canvas.empty(TrialSet.nothing) }
    let front = candidates.filter(\.isFront)
    let whole = canvas.box(height: pairs.count > 1 ? 330 : 460)
    let legendRoom = 26.0
    let width = whole.width / Double(pairs.count)
    for (index, pair) in pairs.enumerated() {
      let left = whole.left + Double(index) * width
      let panel = Panel(
        Box(
          left: left, top: whole.top + legendRoom,
          right: left + width - (index < pairs.count - 1 ? 10 : 0), bottom: whole.bottom),
        x: axis(pair.0), y: axis(pair.1))
      panel.draw(&canvas.drawing)
      draw(&canvas.drawing, panel, pair, front)
    }
    legend(&canvas.drawing, left: whole.left, top: canvas.top, front: front.count)
    var notes: [String] = []
    if metrics.count > count {
      notes.append("Not drawn: \(metrics.dropFirst(count).map(\.name).joined(separator: ", ")).")
    }
    return canvas.finish(whole.bottom, notes: notes)
  }

  private func legend(_ drawing: inout Drawing, left: Double, top: Double, front: Int) {
    drawing.circle(left + 8, top + 9, 5, "f1")
    let first = "no other trial is better in all: \(NumberText.count(front))"
    drawing.write(first, x: left + 20, y: top + 13)
    let second = left + 20 + TextWidth.of(first) + 24
    drawing.circle(second, top + 9, 4, "faintfill")
    drawing.write(
      "other trials: \(NumberText.count(candidates.count - front))", x: second + 12, y: top + 13)
  }

  private func axis(_ index: Int) -> Axis {
    let values = candidates.map { $0.values[index] }
    let kind = Extent.spansDecades(values) ? ScaleKind.logarithmic : .linear
    let front = Extent(candidates.filter(\.isFront).map { $0.values[index] }, kind: kind)
    let bulk = Extent.bulk(values, kind: kind)
    let metric = metrics[index]
    return Axis(
      title: "\(metric.name) (\(metric.isLessBetter ? "less" : "more") is better)", kind: kind,
      extent: bulk.map { $0.joined(front) } ?? front, air: 0.06)
  }

  private func draw(
    _ drawing: inout Drawing, _ panel: Panel, _ pair: (Int, Int), _ front: [Candidate]
  ) {
    var dots = Dots(count: candidates.count, classes: 1)
    for candidate in candidates where !candidate.isFront {
      guard let place = panel.place(candidate.values[pair.0], candidate.values[pair.1]) else {
        continue
      }
      dots.add(place.x, place.y, 0)
    }
    let places = front.compactMap { candidate in
      panel.place(candidate.values[pair.0], candidate.values[pair.1]).map { (candidate.id, $0) }
    }.sorted { ($0.1.x, $0.1.y) < ($1.1.x, $1.1.y) }
    drawing.clipped(to: panel.plot) { drawing in
      dots.draw(&drawing, "faint others")
      // With more than two metrics the front is no line in the plane of two.
      if metrics.count == 2 { drawing.path(steps(places.map(\.1)), "s1", width: 1.6, dash: "5 3") }
      for (_, place) in places { drawing.circle(place.x, place.y, 5, "f1") }
    }
    // A number must not lie on another one, nor on another trial of the front.
    var taken = places.map {
      Box(left: $0.1.x - 5, top: $0.1.y - 4, right: $0.1.x + 5, bottom: $0.1.y + 4)
    }
    for (id, place) in places {
      let label = String(id)
      let width = TextWidth.of(label, size: 11)
      let free = Self.boxes(around: place, width: width).first { box in
        box.right + 2 < panel.plot.right && box.left > panel.plot.left && box.top > panel.plot.top
          && box.bottom < panel.plot.bottom
          && taken.allSatisfy {
            box.right + 2 < $0.left || $0.right + 2 < box.left || box.bottom < $0.top
              || $0.bottom < box.top
          }
      }
      guard let free else { continue }
      taken.append(free)
      drawing.write(label, x: free.left, y: free.bottom - 2, TextStyle(name: "halo", size: 11))
    }
  }

  /// Where the number of a point may stand, the best place first.
  private static func boxes(around place: (x: Double, y: Double), width: Double) -> [Box] {
    let (right, left, middle) = (place.x + 8, place.x - 8 - width, place.x - width / 2)
    return [(right, -3.0), (left, -3), (right, 15), (left, 15), (middle, -7), (middle, 19)].map {
      Box(left: $0.0, top: place.y + $0.1 - 12, right: $0.0 + width, bottom: place.y + $0.1)
    }
  }

  /// What the front rules out: from point to point along the worse of both, never through the better.
  private func steps(_ places: [(x: Double, y: Double)]) -> String {
    guard var last = places.first else { return "" }
    let yIsUp = metrics[0].isLessBetter == false
    var data = "M\(Drawing.point(last.x, last.y))"
    for place in places.dropFirst() {
      // Pixels grow downwards: the worse of two heights is the lower one where more is better.
      let isCornerAtLast = yIsUp ? last.y > place.y : last.y < place.y
      data +=
        isCornerAtLast
        ? "H\(Drawing.number(place.x))V\(Drawing.number(place.y))"
        : "V\(Drawing.number(place.y))H\(Drawing.number(place.x))"
      last = place
    }
    return data
  }
}

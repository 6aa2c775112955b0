/// The way of a line through points.
enum LinePath {
  /// Steps of a path in rising order of x. A point without a place leaves a gap; a point alone between
  /// two gaps is a dot, if the stroke has round ends. Where many points share a pixel, the first, the
  /// least, the greatest and the last of them are kept, which looks the same.
  static func data(_ points: [Point], _ panel: Panel) -> String {
    let sorted = points.sorted { $0.x < $1.x }
    let isDense = Double(sorted.count) > 4 * panel.plot.width
    var data = ""
    for run in runs(sorted, panel) {
      let places = isDense ? thinned(run) : run
      guard let first = places.first else { continue }
      data += "M\(Drawing.point(first.x, first.y))"
      if places.count == 1 { data += "h0" }
      for place in places.dropFirst() { data += "L\(Drawing.point(place.x, place.y))" }
    }
    return data
  }

  /// The places of points that follow each other without a gap.
  private static func runs(_ points: [Point], _ panel: Panel) -> [[Point]] {
    var runs: [[Point]] = [[]]
    for point in points {
      if let place = panel.place(point.x, point.y) {
        // Far outside is as good as just outside, and keeps the slope of what is seen nearly right.
        let reach = 20 * panel.plot.height
        let y = min(max(place.y, panel.plot.top - reach), panel.plot.bottom + reach)
        runs[runs.count - 1].append(Point(place.x, y))
      } else if runs.last?.isEmpty == false {
        runs.append([])
      }
    }
    return runs.filter { !$0.isEmpty }
  }

  private static func thinned(_ run: [Point]) -> [Point] {
    var kept: [Point] = []
    var index = run.startIndex
    while index < run.endIndex {
      let column = run[index].x.rounded()
      let end = run[index...].firstIndex { $0.x.rounded() != column } ?? run.endIndex
      let group = run[index..<end]
      let indices = Set(
        [
          group.startIndex, group.indices.min { group[$0].y < group[$1].y },
          group.indices.max { group[$0].y < group[$1].y }, group.endIndex - 1,
        ].compactMap { $0 })
      kept += indices.sorted().map { run[$0] }
      index = end
    }
    return kept
  }

  /// The outline of a band between two lines over the same x.
  static func band(_ band: [Band], _ panel: Panel) -> String {
    let reach = 20 * panel.plot.height
    func place(_ x: Double, _ y: Double) -> Point? {
      panel.place(x, y).map {
        Point($0.x, min(max($0.y, panel.plot.top - reach), panel.plot.bottom + reach))
      }
    }
    var runs: [[(low: Point, high: Point)]] = [[]]
    for entry in band.sorted(by: { $0.x < $1.x }) {
      if let low = place(entry.x, entry.low), let high = place(entry.x, entry.high) {
        runs[runs.count - 1].append((low, high))
      } else if runs.last?.isEmpty == false {
        runs.append([])
      }
    }
    return runs.filter { !$0.isEmpty }.map { run in
      // One alone has no width of its own.
      if run.count == 1 {
        let (low, high) = run[0]
        return "M\(Drawing.point(low.x - 3, low.y))h6V\(Drawing.number(high.y))h-6Z"
      }
      let lows = run.map(\.low)
      let highs = run.reversed().map(\.high)
      let isDense = Double(run.count) > 4 * panel.plot.width
      let outline = isDense ? thinned(lows) + thinned(highs) : lows + highs
      return "M" + outline.map { Drawing.point($0.x, $0.y) }.joined(separator: "L") + "Z"
    }.joined()
  }
}

/// A pair of numbers.
public struct Point: Sendable, Hashable {
  /// To the right.
  public var x: Double
  /// Upwards.
  public var y: Double

  /// A point.
  public init(_ x: Double, _ y: Double) {
    (self.x, self.y) = (x, y)
  }
}

/// An interval of a quantity at one place.
public struct Band: Sendable, Hashable {
  /// The place.
  public var x: Double
  /// The lower end there.
  public var low: Double
  /// The upper end there.
  public var high: Double

  /// An interval.
  public init(_ x: Double, low: Double, high: Double) {
    (self.x, self.low, self.high) = (x, low, high)
  }
}

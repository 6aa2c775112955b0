/// Curves drawn with characters.
public struct TextChart: Sendable {
  /// A curve.
  public struct Series: Sendable {
    /// What it is.
    public let name: String
    /// Where it was measured.
    public let mark: Character
    /// In any order.
    public let points: [Point]

    /// A curve.
    public init(name: String, mark: Character, points: [Point]) {
      (self.name, self.mark, self.points) = (name, mark, points)
    }
  }

  /// A level that curves are compared with: a line across.
  public struct Level: Sendable {
    /// What it is, with its value.
    public let name: String
    /// Of what the line is made.
    public let mark: Character
    /// Where.
    public let value: Double

    /// A level.
    public init(name: String, mark: Character, value: Double) {
      (self.name, self.mark, self.value) = (name, mark, value)
    }
  }

  /// The first line, before the marks.
  public let title: String
  /// The curves; where they meet, the last is seen.
  public let series: [Series]
  /// Behind the curves.
  public let levels: [Level]
  /// What the horizontal axis counts.
  public let horizontal: String
  /// Curves without a name behind the others.
  private let background: [[Point]]
  private let backgroundName: String
  private static let backgroundMark: Character = ":"

  /// A chart.
  ///
  /// - Parameters:
  ///   - title: The first line.
  ///   - series: The curves.
  ///   - background: Curves without a name behind them.
  ///   - backgroundName: What those are.
  ///   - levels: What all of them are compared with.
  ///   - horizontal: What the horizontal axis counts.
  public init(
    title: String, series: [Series], background: [[Point]] = [], backgroundName: String = "others",
    levels: [Level] = [], horizontal: String = "epoch"
  ) {
    (self.title, self.series, self.levels) = (title, series, levels)
    (self.background, self.backgroundName) = (background, backgroundName)
    self.horizontal = horizontal
  }

  /// The lines of the chart: a title with the marks, the curves between the smallest and the
  /// largest value, and what the horizontal axis counts below. Values that are not finite leave a gap.
  public func lines(width: Int, height: Int = 10) -> [String] {
    func hasPlace(_ point: Point) -> Bool { abs(point.x) < 1e150 && abs(point.y) < 1e150 }
    let bright = series.flatMap(\.points).filter(hasPlace)
    let behind = background.joined().filter(hasPlace)
    let bulk = Extent.bulk(behind.map(\.y))
    guard let across = Extent((bright + behind).map(\.x)),
      let curves = Extent(bright.map(\.y)).map({ $0.joined(bulk) }) ?? bulk
    else { return [TerminalText.readable(title), "  (no finite values yet)"] }
    let up = curves.reaching(levels.map(\.value))
    let labels = Self.labels(up, height)
    let margin = (labels.values.map(\.count).max() ?? 0) + 2
    let columns = max(10, width - margin - 2)
    var grid = TextGrid(across, up, columns: columns, rows: height)
    for level in levels where Self.place(of: level, up) == nil {
      grid.drawLevel(level.value, level.mark)
    }
    for points in background { grid.drawBehind(points, Self.backgroundMark) }
    for series in series { grid.draw(series.points, series.mark) }

    var lines = heads(width, up)
    for (index, row) in grid.lines.enumerated() {
      let label = labels[index] ?? ""
      lines.append(TerminalText.right(label, margin - 1) + (label.isEmpty ? " │" : " ┤") + row)
    }
    let axis = String(repeating: " ", count: margin) + "└" + String(repeating: "─", count: columns)
    let firstLabel = NumberText.number(across.low)
    let lastLabel = horizontal + " " + NumberText.number(across.high)
    let space = String(repeating: " ", count: max(1, columns - firstLabel.count - lastLabel.count))
    lines.append(axis)
    lines.append(
      String(repeating: " ", count: margin + 1)
        + (across.low < across.high ? firstLabel + space : "") + lastLabel)
    return lines
  }

  /// What stands beside the first, the middle and the last row: with as many digits as tell them apart,
  /// and one label where all values are one.
  private static func labels(_ extent: Extent, _ height: Int) -> [Int: String] {
    let middle = (extent.high + extent.low) / 2
    for digits in 4...15 {
      let labels = [extent.high, middle, extent.low].map { NumberText.number($0, digits: digits) }
      guard Set(labels).count == labels.count else { continue }
      return Dictionary(
        zip([0, height / 2, height - 1], labels), uniquingKeysWith: { first, _ in first })
    }
    return [TextGrid.middle(height): NumberText.number(middle)]
  }

  /// Where a level is that is not on the axis.
  private static func place(of level: Level, _ up: Extent) -> String? {
    level.value > up.high ? "above" : level.value < up.low ? "below" : nil
  }

  /// A level with its mark, or with where it is.
  private static func told(_ level: Level, _ up: Extent) -> String {
    guard let place = place(of: level, up) else { return "\(level.mark) \(level.name)" }
    return "\(level.name), \(place)"
  }

  /// The title with the marks behind it, in as many lines as they need.
  private func heads(_ width: Int, _ up: Extent) -> [String] {
    let entries =
      series.map { "\($0.mark) \($0.name)" }
      + (background.isEmpty ? [] : ["\(Self.backgroundMark) \(backgroundName)"])
      + levels.map { Self.told($0, up) }
    var lines = [TerminalText.readable(title)]
    for entry in entries {
      let entry = TerminalText.cut(TerminalText.readable(entry), width - 2)
      if let last = lines.last, TerminalText.width(of: last + "   " + entry) <= width {
        lines[lines.count - 1] = last + "   " + entry
      } else {
        lines.append("  " + entry)
      }
    }
    return lines
  }
}

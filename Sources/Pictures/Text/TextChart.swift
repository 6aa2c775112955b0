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

  /// The first line, before the marks.
  public let title: String
  /// The curves; where they meet, the last is seen.
  public let series: [Series]
  /// What the horizontal axis counts.
  public let horizontal: String

  /// A chart.
  public init(title: String, series: [Series], horizontal: String = "epoch") {
    (self.title, self.series, self.horizontal) = (title, series, horizontal)
  }

  /// The lines of the chart: a title with the marks, the curves between the smallest and the
  /// largest value, and what the horizontal axis counts below. Values that are not finite leave a gap.
  public func lines(width: Int, height: Int = 10) -> [String] {
    let points = series.flatMap(\.points).filter { abs($0.x) < 1e150 }
    guard let across = Extent(points.filter { abs($0.y) < 1e150 }.map(\.x)),
      let up = Extent(points.map(\.y))
    else { return [title, "  (no finite values yet)"] }
    let (lowest, highest) = (up.low, up.high)

    let labels = [highest, (highest + lowest) / 2, lowest].map { NumberText.number($0) }
    let margin = (labels.map(\.count).max() ?? 0) + 2
    let columns = max(10, width - margin - 2)
    var grid = [[Character]](repeating: [Character](repeating: " ", count: columns), count: height)
    func column(_ x: Double) -> Int {
      across.high > across.low
        ? Int(((x - across.low) / (across.high - across.low) * Double(columns - 1)).rounded()) : 0
    }
    func row(_ y: Double) -> Int {
      highest > lowest
        ? Int(((highest - y) / (highest - lowest) * Double(height - 1)).rounded()) : height / 2
    }
    for series in series {
      var previous: Point?
      for point in series.points.sorted(by: { $0.x < $1.x })
      where abs(point.x) < 1e150 {
        guard abs(point.y) < 1e150 else {
          previous = nil
          continue
        }
        // Dots join the points; the mark itself says where it was measured.
        if let from = previous, column(point.x) > column(from.x) + 1 {
          for between in (column(from.x) + 1)..<column(point.x) {
            let part = Double(between - column(from.x)) / Double(column(point.x) - column(from.x))
            let y = row(from.y + (point.y - from.y) * part)
            if grid[y][between] == " " { grid[y][between] = "·" }
          }
        }
        grid[row(point.y)][column(point.x)] = series.mark
        previous = point
      }
    }

    var lines = heads(width)
    for (index, row) in grid.enumerated() {
      let label =
        switch index {
        case 0: labels[0]
        case height / 2: labels[1]
        case height - 1: labels[2]
        default: ""
        }
      let text = String(repeating: " ", count: margin - 1 - label.count) + label
      let end = row.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
      lines.append(text + (label.isEmpty ? " │" : " ┤") + String(row[..<end]))
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

  /// The title with the marks behind it, in as many lines as they need.
  private func heads(_ width: Int) -> [String] {
    var lines = [title]
    for series in series {
      let entry = TextLines.cut("\(series.mark) \(series.name)", width - 2)
      if let last = lines.last, last.count + 3 + entry.count <= width {
        lines[lines.count - 1] = last + "   " + entry
      } else {
        lines.append("  " + entry)
      }
    }
    return lines
  }
}

/// Curves over epochs, drawn with characters.
struct Chart {
  struct Series {
    let name: String
    let mark: Character
    let points: [(x: Double, y: Double)]
  }

  let title: String
  let series: [Series]
  /// What the horizontal axis counts.
  var horizontal = "epoch"

  /// The lines of the chart: a title with the marks, the curves between the smallest and the
  /// largest value, and what the horizontal axis counts below. Values that are not finite leave a gap.
  func lines(width: Int, height: Int = 10) -> [String] {
    let points = series.flatMap(\.points).filter { $0.y.isFinite }
    guard let lowest = points.map(\.y).min(), let highest = points.map(\.y).max(),
      let first = points.map(\.x).min(), let last = points.map(\.x).max()
    else { return [title, "  (no finite values yet)"] }

    let labels = [highest, (highest + lowest) / 2, lowest].map { Format.number($0) }
    let margin = (labels.map(\.count).max() ?? 0) + 2
    let columns = max(10, width - margin - 2)
    var grid = [[Character]](repeating: [Character](repeating: " ", count: columns), count: height)
    func column(_ x: Double) -> Int {
      last > first ? Int(((x - first) / (last - first) * Double(columns - 1)).rounded()) : 0
    }
    func row(_ y: Double) -> Int {
      highest > lowest
        ? Int(((highest - y) / (highest - lowest) * Double(height - 1)).rounded()) : height / 2
    }
    for series in series {
      var previous: (x: Double, y: Double)?
      for point in series.points.sorted(by: { $0.x < $1.x }) {
        guard point.y.isFinite else {
          previous = nil
          continue
        }
        // Dots join the points; the mark itself says where an epoch was measured.
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

    var lines = [title + "   " + series.map { "\($0.mark) \($0.name)" }.joined(separator: "   ")]
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
    let firstLabel = Format.number(first)
    let lastLabel = horizontal + " " + Format.number(last)
    let space = String(repeating: " ", count: max(1, columns - firstLabel.count - lastLabel.count))
    lines.append(axis)
    lines.append(
      String(repeating: " ", count: margin + 1) + (first < last ? firstLabel + space : "")
        + lastLabel)
    return lines
  }
}

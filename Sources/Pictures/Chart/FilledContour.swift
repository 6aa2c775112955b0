/// The parts of a grid of values that are at or above a level, as the outline of one path.
struct FilledContour {
  /// Values at the corners of cells, row after row, `columns` + 1 in each.
  let values: [Double]
  /// Cells from left to right, and from the first row to the last.
  let columns, rows: Int
  /// Where the first and the last corner are.
  let box: Box

  /// The outline; neighbouring cells share their corners to the last digit, so that a program that
  /// fills the path leaves no seam between them.
  func path(above level: Double) -> String {
    var data = ""
    for row in 0..<rows {
      var column = 0
      while column < columns {
        let full = (column..<columns).prefix { isFull($0, row, level) }
        if let first = full.first, let last = full.last {
          let (x1, y1) = place(first, row)
          let (x2, y2) = place(last + 1, row + 1)
          data +=
            "M\(Drawing.point(x1, y1))H\(Drawing.number(x2))V\(Drawing.number(y2))H\(Drawing.number(x1))Z"
          column = last + 1
        } else {
          data += part(column, row, level)
          column += 1
        }
      }
    }
    return data
  }

  private func value(_ column: Int, _ row: Int) -> Double { values[row * (columns + 1) + column] }

  private func place(_ column: Int, _ row: Int) -> (x: Double, y: Double) {
    (
      box.left + box.width * Double(column) / Double(columns),
      box.top + box.height * Double(row) / Double(rows)
    )
  }

  private static let corners = [(0, 0), (1, 0), (1, 1), (0, 1)]

  private func isFull(_ column: Int, _ row: Int, _ level: Double) -> Bool {
    Self.corners.allSatisfy { value(column + $0.0, row + $0.1) >= level }
  }

  /// The part of a cell that is above the level, cut where straight lines between corners cross it.
  private func part(_ column: Int, _ row: Int, _ level: Double) -> String {
    var outline: [String] = []
    for index in 0..<4 {
      let (a, b) = (Self.corners[index], Self.corners[(index + 1) % 4])
      let (first, second) = (
        value(column + a.0, row + a.1), value(column + b.0, row + b.1)
      )
      let (from, to) = (place(column + a.0, row + a.1), place(column + b.0, row + b.1))
      if first >= level { outline.append(Drawing.point(from.x, from.y)) }
      if (first >= level) != (second >= level) {
        let share = (level - first) / (second - first)
        outline.append(
          Drawing.point(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share))
      }
    }
    return outline.count < 3 ? "" : "M" + outline.joined(separator: "L") + "Z"
  }
}

/// Characters in rows, on which curves are drawn: what stands in front hides what is behind it.
struct TextGrid {
  private let across, up: Extent
  private var cells: [[Character]]
  /// How far in front the character of a cell is.
  private var layers: [[Layer]]

  private enum Layer: Int, Comparable {
    case empty, level, background, join, mark

    static func < (first: Layer, second: Layer) -> Bool { first.rawValue < second.rawValue }
  }

  /// An empty grid.
  ///
  /// - Parameters:
  ///   - across: The values at the left and the right end.
  ///   - up: The values of the last and the first row.
  ///   - columns: How many characters a row has.
  ///   - rows: How many rows there are.
  init(_ across: Extent, _ up: Extent, columns: Int, rows: Int) {
    (self.across, self.up) = (across, up)
    cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    layers = Array(repeating: Array(repeating: .empty, count: columns), count: rows)
  }

  /// The row in which a value stands that is the only one.
  static func middle(_ rows: Int) -> Int { rows / 2 }

  /// The rows without the space at their ends.
  var lines: [String] {
    cells.map { row in
      let end = row.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
      return String(row[..<end])
    }
  }

  /// A line across behind everything.
  mutating func drawLevel(_ value: Double, _ mark: Character) {
    guard abs(value) < 1e150 else { return }
    for column in cells[0].indices { put(mark, row(value), column, .level) }
  }

  /// A curve that nobody looks at by itself, one character all along.
  mutating func drawBehind(_ points: [Point], _ mark: Character) {
    draw(points, mark, join: mark, .background, .background)
  }

  /// A curve: its mark where it was measured, dots that join those places.
  mutating func draw(_ points: [Point], _ mark: Character) {
    draw(points, mark, join: "·", .mark, .join)
  }

  private mutating func draw(
    _ points: [Point], _ mark: Character, join: Character, _ front: Layer, _ behind: Layer
  ) {
    var previous: Point?
    for point in points.sorted(by: { $0.x < $1.x }) where abs(point.x) < 1e150 {
      guard abs(point.y) < 1e150 else {
        previous = nil
        continue
      }
      if let from = previous, column(point.x) > column(from.x) + 1 {
        let (start, end) = (column(from.x), column(point.x))
        for between in (start + 1)..<end {
          let part = Double(between - start) / Double(end - start)
          put(join, row(from.y + (point.y - from.y) * part), between, behind)
        }
      }
      put(mark, row(point.y), column(point.x), front)
      previous = point
    }
  }

  private mutating func put(_ mark: Character, _ row: Int, _ column: Int, _ layer: Layer) {
    guard cells.indices.contains(row), layers[row][column] <= layer else { return }
    cells[row][column] = mark
    layers[row][column] = layer
  }

  private func column(_ x: Double) -> Int {
    let last = Double(cells[0].count - 1)
    return across.high > across.low
      ? Int(((x - across.low) / (across.high - across.low) * last).rounded()) : 0
  }

  /// The row of a value; curves behind may leave the grid.
  private func row(_ y: Double) -> Int {
    guard up.high > up.low else { return Self.middle(cells.count) }
    let place = (up.high - y) / (up.high - up.low) * Double(cells.count - 1)
    return Int(min(max(place, -1), Double(cells.count)).rounded())
  }
}

import Pictures

/// A table of text for a person: numbers to the right, words to the left, as wide as the terminal
/// at most. The widest column of words gives way first, then the ends of lines. What would move the
/// cursor is shown and does nothing.
struct Table {
  enum Alignment {
    case left
    case right
  }

  private let titles: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  init(_ columns: [(title: String, alignment: Alignment)]) {
    titles = columns.map { Terminal.readable($0.title) }
    alignments = columns.map(\.alignment)
  }

  /// - Precondition: As many cells as there are columns.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == titles.count, "\(cells.count) cells, \(titles.count) columns")
    rows.append(cells.map(Terminal.readable))
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The lines of the table.
  ///
  /// - Parameter width: The columns there are, or nil for as many as it takes.
  /// - Returns: The titles and the rows.
  func lines(width: Int? = Terminal.width) -> [String] {
    var widths = titles.map { TerminalText.width(of: $0) }
    for row in rows {
      for (column, cell) in row.enumerated() {
        widths[column] = max(widths[column], TerminalText.width(of: cell))
      }
    }
    let gaps = 2 * (titles.count - 1)
    if let width {
      while widths.reduce(gaps, +) > width {
        guard
          let widest = widths.indices.filter({ alignments[$0] == .left && widths[$0] > 8 })
            .max(by: { widths[$0] < widths[$1] })
        else { break }
        widths[widest] -= 1
      }
    }
    return ([titles] + rows).map { cells in
      let line = line(cells, widths)
      return width.map { TerminalText.cut(line, max($0, 2)) } ?? line
    }
  }

  /// The columns that it takes without giving way.
  var naturalWidth: Int {
    lines(width: nil).map { TerminalText.width(of: $0) }.max() ?? 0
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, cell) in cells.enumerated() {
      let width = widths[column]
      let fitted = TerminalText.cut(cell, width)
      if column > 0 { line += "  " }
      line +=
        alignments[column] == .right
        ? TerminalText.right(fitted, width) : TerminalText.left(fitted, width)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// Which classes a model takes for which.
public struct ConfusionMatrix: Sendable {
  /// How many examples of one class were taken for another one.
  public struct Cell: Sendable, Hashable {
    /// What they were.
    public var actual: String
    /// What the model said.
    public var predicted: String
    /// How many.
    public var count: Int

    /// A cell.
    public init(actual: String, predicted: String, count: Int) {
      (self.actual, self.predicted, self.count) = (actual, predicted, count)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it.
  public var subtitle: String
  /// All classes, in the order of rows and columns.
  public let labels: [String]
  /// Counts; a row for each actual class.
  private let counts: [[Int]]

  /// A picture.
  ///
  /// - Parameters:
  ///   - title: Above the picture.
  ///   - subtitle: More about it.
  ///   - cells: The counts; those that are not there are 0, those below 0 count as 0.
  public init(title: String, subtitle: String = "", cells: [Cell]) {
    (self.title, self.subtitle) = (title, subtitle)
    let names = Set(cells.flatMap { [$0.actual, $0.predicted] })
    // Labels that are numbers in the order of numbers.
    let labels =
      names.allSatisfy { Int($0) != nil }
      ? names.sorted { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) } : names.sorted()
    let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
    for cell in cells {
      guard let row = places[cell.actual], let column = places[cell.predicted] else { continue }
      counts[row][column] += min(max(cell.count, 0), 1 << 40)
    }
    (self.labels, self.counts) = (labels, counts)
  }

  /// The share of a class that was found.
  func recall(_ row: Int) -> Double? {
    let all = counts[row].reduce(0, +)
    return all > 0 ? Double(counts[row][row]) / Double(all) : nil
  }

  /// The share of what was taken for a class that was it.
  func precision(_ column: Int) -> Double? {
    let all = counts.reduce(0) { $0 + $1[column] }
    return all > 0 ? Double(counts[column][column]) / Double(all) : nil
  }

  private static func share(_ value: Double?) -> String {
    value.map { NumberText.decimal($0, places: 3) } ?? "–"
  }

  private static let longest = 150.0

  /// The picture: cells with counts, coloured by their share of the row, with recall to the right and
  /// precision below.
  public func picture() -> Picture {
    let count = labels.count
    let size = min(max(520 / Double(max(count, 1)), 14), 88)
    let widest = min(labels.map { TextWidth.of($0) }.max() ?? 0, Self.longest)
    let isTurned = widest > size - 6
    let left = Canvas.margin + 24 + widest + 8
    let right = left + size * Double(count)
    var canvas = Canvas(width: max(right + 96, 480), title: title, subtitle: subtitle)
    guard count > 0 else { return canvas.empty("There are no predictions to count yet.") }
    let top = canvas.top + 18
    let bottom = top + size * Double(count)
    cells(&canvas.drawing, left: left, top: top, size: size)
    let every = max(1, Int((14 / size).rounded(.up)))
    for (index, label) in labels.enumerated() where index % every == 0 {
      let middle = (Double(index) + 0.5) * size
      canvas.drawing.write(
        TextWidth.fittingEnds(label, Self.longest), x: left - 8, y: top + middle + 4,
        TextStyle(anchor: .end))
      canvas.drawing.write(
        Self.share(recall(index)), x: right + 10, y: top + middle + 4, .muted)
      if size >= 30 {
        canvas.drawing.write(
          Self.share(precision(index)), x: left + middle, y: bottom + 18,
          TextStyle(name: "muted", anchor: .middle))
      }
      let below = bottom + (size >= 30 ? 38 : 16)
      canvas.drawing.write(
        TextWidth.fittingEnds(label, Self.longest), x: left + middle + (isTurned ? 4 : 0), y: below,
        TextStyle(anchor: isTurned ? .end : .middle, turn: isTurned ? -45 : 0))
    }
    canvas.drawing.write("recall", x: right + 10, y: top - 7, .muted)
    if size >= 30 { canvas.drawing.write("precision", x: right + 10, y: bottom + 18, .muted) }
    canvas.drawing.write(
      "actual", x: Canvas.margin + 12, y: (top + bottom) / 2,
      TextStyle(anchor: .middle, isBold: true, turn: -90))
    let labelsEnd = bottom + (size >= 30 ? 42 : 20) + (isTurned ? widest * 0.71 : 0)
    canvas.drawing.write(
      "predicted", x: (left + right) / 2, y: labelsEnd + 16,
      TextStyle(anchor: .middle, isBold: true))
    let sum = counts.reduce(0) { $0 + $1.reduce(0, +) }
    let correct = labels.indices.reduce(0) { $0 + counts[$1][$1] }
    let accuracy = sum > 0 ? NumberText.decimal(Double(correct) / Double(sum), places: 4) : "–"
    return canvas.finish(
      labelsEnd + 20,
      notes: [
        "\(NumberText.count(correct)) of \(NumberText.count(sum)) on the diagonal: accuracy \(accuracy). Colours: share of the row."
      ])
  }

  private func cells(_ drawing: inout Drawing, left: Double, top: Double, size: Double) {
    // Thousands of cells are one element for each colour, without hints.
    let isDetailed = labels.count <= 40
    var paths: [Int: String] = [:]
    for row in labels.indices {
      let all = max(counts[row].reduce(0, +), 1)
      for column in labels.indices {
        let share = Double(counts[row][column]) / Double(all)
        let x = left + Double(column) * size
        let y = top + Double(row) * size
        let colour = min(Int((share * Double(Palette.steps - 1)).rounded(.up)), Palette.steps - 1)
        let box = Box(left: x + 0.5, top: y + 0.5, right: x + size - 0.5, bottom: y + size - 0.5)
        guard isDetailed else {
          paths[colour, default: ""] +=
            "M\(Drawing.point(box.left, box.top))h\(Drawing.number(size - 1))"
            + "v\(Drawing.number(size - 1))h\(Drawing.number(1 - size))z"
          continue
        }
        let text = String(counts[row][column])
        drawing.rectangle(
          box, "c\(colour)", hint: "\(labels[row]) taken for \(labels[column]): \(text)")
        let font = min(13, size * 0.42)
        guard font >= 7, TextWidth.of(text, size: font) < size - 2 else { continue }
        drawing.write(
          text, x: x + size / 2, y: y + size / 2 + font * 0.36,
          TextStyle(
            name: colour > Palette.steps / 2 ? "onstrong" : "onfaint", anchor: .middle, size: font))
      }
    }
    for (colour, data) in paths.sorted(by: { $0.key < $1.key }) { drawing.path(data, "c\(colour)") }
  }

  /// The same with characters.
  ///
  /// - Parameter width: Columns of the terminal.
  /// - Returns: Lines without an end; where classes are too many for the width, a list of the greatest
  ///   mistakes instead.
  public func lines(width: Int) -> [String] {
    let head = TextLines.heads(title, subtitle, width) + [""]
    guard !labels.isEmpty else { return head + ["There are no predictions to count yet."] }
    let labels = labels.map(TerminalText.readable)
    let names = min(max(labels.map { TerminalText.width(of: $0) }.max() ?? 0, 4), 20)
    let digits = counts.flatMap { $0 }.map { String($0).count }.max() ?? 1
    // Names of columns give way before the table does.
    let least = max(digits, 5) + 2
    let column = min(max(names, 5) + 2, max((width - names - 11) / labels.count, least))
    guard names + 2 + column * labels.count + 9 <= width else { return head + mistakes(labels) }
    var lines = [
      TerminalText.right("actual", names + 2)
        + labels.map { TerminalText.right(TerminalText.cutEnds($0, column - 2), column) }.joined()
        + TerminalText.right("recall", 9)
    ]
    for (row, label) in labels.enumerated() {
      lines.append(
        TerminalText.right(TerminalText.cutEnds(label, 20), names + 2)
          + counts[row].map { TerminalText.right("\($0)", column) }.joined()
          + TerminalText.right(Self.share(recall(row)), 9))
    }
    lines.append(
      TerminalText.right("prec.", names + 2)
        + labels.indices.map { TerminalText.right(Self.share(precision($0)), column) }.joined())
    return head + lines + ["", "Rows are what it was, columns what the model said."]
  }

  private func mistakes(_ labels: [String]) -> [String] {
    let wrong = labels.indices.flatMap { row in
      labels.indices.filter { $0 != row && counts[row][$0] > 0 }.map { (row, $0) }
    }.sorted { counts[$0.0][$0.1] > counts[$1.0][$1.1] }
    return ["The most frequent mistakes (\(labels.count) classes are too many for a table here):"]
      + wrong.prefix(15).map { row, column in
        "  \(labels[row]) taken for \(labels[column]): \(counts[row][column])"
      } + (wrong.isEmpty ? ["  none"] : [])
  }
}

/// What the marks of a plot mean, in a column.
struct Legend {
  enum Sample: Equatable {
    case line(String, dash: String = "", width: Double = 2)
    case dot(String)
    /// A dot in the colour of a line.
    case point(String)
    case ring
    case patch(String, opacity: Double = 1)
  }

  struct Entry: Equatable {
    var sample: Sample
    var text: String
  }

  var entries: [Entry]
  private static let row = 18.0
  /// Between the lines of one entry.
  private static let lineHeight = 14.0
  private static let sampleWidth = 28.0

  init(_ entries: [Entry]) {
    self.entries = entries
  }

  /// How much room it takes, at most `limit`; nothing if it has no entries.
  func width(limit: Double = 290) -> Double {
    guard !entries.isEmpty else { return 0 }
    let widest = entries.map { TextWidth.of($0.text) }.max() ?? 0
    return min(Self.sampleWidth + 7 + widest, limit)
  }

  /// The texts in lines: as many to each, up to three, as leave room for all; the last one of an entry
  /// is cut where it is too long.
  private func texts(_ width: Double, _ height: Double) -> [[String]] {
    let room = width - Self.sampleWidth - 6
    for most in [3, 2, 1] {
      let texts = entries.map { entry -> [String] in
        let lines = TextWidth.lines(entry.text, room)
        guard lines.count > most else { return lines.isEmpty ? [""] : lines }
        let rest = lines[(most - 1)...].joined(separator: " ")
        return lines.prefix(most - 1) + [TextWidth.fitting(rest, room)]
      }
      if most == 1 || texts.reduce(0, { $0 + Self.height($1) }) <= height { return texts }
    }
    return []
  }

  private static func height(_ lines: [String]) -> Double {
    row + Double(lines.count - 1) * lineHeight
  }

  /// Draws it with its upper left corner at a place; what does not fit is counted in the last line.
  func draw(_ drawing: inout Drawing, left: Double, top: Double, width: Double, height: Double) {
    let rows = max(1, Int(height / Self.row))
    let texts = texts(width, height)
    let isWhole = texts.reduce(0) { $0 + Self.height($1) } <= height || entries.count <= rows
    let shown = isWhole ? entries[...] : entries.prefix(max(rows - 1, 0))
    var top = top
    for (entry, lines) in zip(shown, texts) {
      let middle = top + Self.row * 0.5
      let right = left + Self.sampleWidth
      switch entry.sample {
      case .line(let name, let dash, let thickness):
        drawing.line(left, middle, right, middle, name, width: thickness, dash: dash)
      case .dot(let name): drawing.circle(right - 9, middle, 4.5, name)
      case .point(let name):
        drawing.path("M\(Drawing.point(right - 9, middle))h0", name, width: 5, isRound: true)
      case .ring: drawing.circle(right - 9, middle, 5, "ring", width: 1.6)
      case .patch(let name, let opacity):
        drawing.rectangle(
          Box(left: right - 18, top: middle - 6, right: right, bottom: middle + 6), name,
          opacity: opacity)
      }
      for (index, line) in lines.enumerated() {
        drawing.write(line, x: right + 6, y: middle + 4 + Double(index) * Self.lineHeight)
      }
      top += Self.height(lines)
    }
    if shown.count < entries.count {
      drawing.write(
        "and \(entries.count - shown.count) more", x: left, y: top + Self.row * 0.5 + 4, .muted)
    }
  }
}

/// What the colours of a scale mean: from the worst, below, to the best.
struct ColourBar {
  var title: String
  /// Beside the upper end, which has the colour of the best.
  var best: String
  var middle = ""
  /// Beside the lower end.
  var worst: String

  var width: Double {
    let labels = [best, middle, worst].map { TextWidth.of($0) }.max() ?? 0
    return min(max(14 + 8 + labels, TextWidth.of(title)), 170)
  }

  func draw(_ drawing: inout Drawing, left: Double, top: Double, height: Double) {
    let room = width
    drawing.write(TextWidth.fitting(title, room), x: left, y: top + 10)
    let box = Box(left: left, top: top + 20, right: left + 14, bottom: top + height)
    Self.steps(&drawing, box)
    let style = TextStyle.muted
    let x = left + 22
    drawing.write(TextWidth.fitting(best, room - 22), x: x, y: box.top + 10, style)
    if !middle.isEmpty {
      drawing.write(TextWidth.fitting(middle, room - 22), x: x, y: box.centre.y + 4, style)
    }
    drawing.write(TextWidth.fitting(worst, room - 22), x: x, y: box.bottom - 2, style)
  }

  /// The colours themselves, the best on top.
  static func steps(_ drawing: inout Drawing, _ box: Box) {
    let step = box.height / Double(Palette.steps)
    for index in 0..<Palette.steps {
      let bottom = box.bottom - Double(index) * step
      // A hair over the next one, or the ground would shine through between them.
      drawing.rectangle(
        Box(
          left: box.left, top: bottom - step - (index < Palette.steps - 1 ? 0.3 : 0),
          right: box.right, bottom: bottom), "v\(index)")
    }
  }
}

/// Marks that tell series apart where colours alone would not.
enum Marks {
  static let dashes = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 3", "6 2 2 2 2 2"]

  /// The class of a line and its dashes, by the number of the series; after eight of them colours
  /// come again with other dashes.
  static func line(_ index: Int) -> (name: String, dash: String) {
    let count = dashes.count
    return ("s\(index % count)", dashes[(index + index / count) % count])
  }

  /// The step of a colour scale for a share from 0, the worst, to 1.
  static func step(_ share: Double) -> Int {
    guard share.isFinite else { return 0 }
    return min(max(Int(share * Double(Palette.steps)), 0), Palette.steps - 1)
  }
}

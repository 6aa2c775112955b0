/// Which worker was at work on what, and when.
public struct Timeline: Sendable {
  /// One lease of a trial to a worker.
  public struct Attempt: Sendable, Hashable {
    /// Who had it.
    public var worker: String
    /// When it began and ended, in seconds since any moment that is the same for all.
    public var begin, end: Double
    /// How it ended.
    public var outcome: String
    /// What it was, for who points at it.
    public var name: String

    /// An attempt.
    public init(worker: String, begin: Double, end: Double, outcome: String, name: String = "") {
      (self.worker, self.begin, self.end) = (worker, begin, end)
      (self.outcome, self.name) = (outcome, name)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it, such as when it all began.
  public var subtitle: String
  /// The attempts.
  public var attempts: [Attempt]

  /// A picture. Attempts without a beginning and an end that follows it are left out.
  public init(title: String, subtitle: String = "", attempts: [Attempt]) {
    (self.title, self.subtitle) = (title, subtitle)
    self.attempts = attempts.filter {
      abs($0.begin) < 1e150 && abs($0.end) < 1e150 && $0.end >= $0.begin
    }.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
  }

  /// One row: a worker that has several attempts at a time has several.
  struct Lane {
    var worker: String
    var isFirst: Bool
    var attempts: [Attempt]
  }

  /// The rows, workers in the order in which they began.
  func lanes() -> [Lane] {
    var workers: [String] = []
    var byWorker: [String: [Lane]] = [:]
    for attempt in attempts {
      if byWorker[attempt.worker] == nil { workers.append(attempt.worker) }
      var lanes = byWorker[attempt.worker, default: []]
      // The next one begins in the same transaction that ends this one, or a hair before.
      let free = lanes.firstIndex { lane in
        lane.attempts.last.map { $0.end <= attempt.begin + 0.002 } ?? true
      }
      if let free {
        lanes[free].attempts.append(attempt)
      } else {
        lanes.append(Lane(worker: attempt.worker, isFirst: lanes.isEmpty, attempts: [attempt]))
      }
      byWorker[attempt.worker] = lanes
    }
    return workers.flatMap { byWorker[$0] ?? [] }
  }

  /// Known ends in the order of the legend, each with its colour and the character of the text.
  private static let outcomes: [(name: String, colour: String, character: Character)] = [
    ("succeeded", "f2", "█"), ("pruned", "f4", "▓"), ("paused", "f5", "▒"), ("running", "f0", "»"),
    ("failed", "f1", "x"), ("lost", "f3", "!"), ("cancelled", "f7", "-"), ("released", "f6", "~"),
  ]

  private static func look(_ outcome: String) -> (colour: String, character: Character) {
    outcomes.first { $0.name == outcome }.map { ($0.colour, $0.character) } ?? ("f7", "?")
  }

  private var seen: [String] {
    let all = Set(attempts.map(\.outcome))
    let known = Self.outcomes.map(\.name).filter(all.contains)
    return known + all.subtracting(known).sorted()
  }

  /// The picture: a row for each slot of each worker, a bar for each attempt.
  public func picture() -> Picture {
    var canvas = Canvas(width: 980, title: title, subtitle: subtitle)
    let lanes = lanes()
    guard let begin = attempts.map(\.begin).min(), let end = attempts.map(\.end).max() else {
      return canvas.empty("No worker has taken a trial yet.")
    }
    let row = min(max(900 / Double(lanes.count), 3), 24)
    let legend = Legend(
      seen.map { outcome in
        let count = attempts.count { $0.outcome == outcome }
        return Legend.Entry(
          sample: .patch(Self.look(outcome).colour), text: "\(outcome) \(NumberText.count(count))")
      })
    let whole = canvas.box(height: row * Double(lanes.count))
    let names = min(
      lanes.filter(\.isFirst).map { TextWidth.of($0.worker, size: 11) }.max() ?? 0, 190)
    let plot = Box(
      left: whole.left + names + 10, top: whole.top,
      right: whole.right - legend.width() - 16, bottom: whole.bottom)
    let scale = Scale(
      .seconds, Extent(low: 0, high: max(end - begin, 0.001)), from: plot.left, to: plot.right,
      air: 0.01)
    axis(&canvas.drawing, scale, plot)
    bars(&canvas.drawing, lanes, begin: begin, scale, plot, row)
    legend.draw(
      &canvas.drawing, left: plot.right + 4, top: plot.top, width: legend.width(),
      height: max(plot.height, 18 * Double(legend.entries.count)))
    let height = max(plot.bottom + 42, plot.top + 18 * Double(legend.entries.count) + 8)
    return canvas.finish(height, notes: [summary(lanes, begin, end)])
  }

  /// How much of the time there was something to do.
  private func summary(_ lanes: [Lane], _ begin: Double, _ end: Double) -> String {
    let busy = attempts.reduce(0) { $0 + $1.end - $1.begin }
    let share = end > begin ? busy / ((end - begin) * Double(lanes.count)) : 1
    let (many, slots) = (attempts.count, lanes.count)
    let work = Int((min(share, 1) * 100).rounded())
    return "\(NumberText.count(many)) \(many == 1 ? "attempt" : "attempts") in \(slots) "
      + (slots == 1 ? "slot, which was" : "slots, which were")
      + " at work for \(work) % of the time."
  }

  private func axis(_ drawing: inout Drawing, _ scale: Scale, _ plot: Box) {
    var grid = ""
    for tick in scale.ticks(max(3, Int(plot.width / 90))).labelled {
      guard let x = scale.place(tick.value) else { continue }
      grid += "M\(Drawing.point(x, plot.top))V\(Drawing.number(plot.bottom))"
      drawing.write(tick.label, x: x, y: plot.bottom + 17, TextStyle(anchor: .middle))
    }
    drawing.path(grid, "grid", width: 1)
    drawing.path(
      "M\(Drawing.point(plot.left, plot.top))V\(Drawing.number(plot.bottom))H\(Drawing.number(plot.right))",
      "axis", width: 1)
    drawing.write(
      "time since the first attempt began", x: plot.centre.x, y: plot.bottom + 36,
      TextStyle(anchor: .middle))
  }

  private func bars(
    _ drawing: inout Drawing, _ lanes: [Lane], begin: Double, _ scale: Scale, _ plot: Box,
    _ row: Double
  ) {
    let isDetailed = attempts.count <= 1500
    var paths: [String: String] = [:]
    var nextLabel = plot.top
    for (index, lane) in lanes.enumerated() {
      let top = plot.top + Double(index) * row
      if lane.isFirst {
        if index > 0, row >= 6 { drawing.line(plot.left, top, plot.right, top, "grid") }
        let baseline = top + row / 2 + 4
        if baseline >= nextLabel {
          drawing.write(
            TextWidth.fitting(lane.worker, 190, size: 11), x: plot.left - 8, y: baseline,
            TextStyle(anchor: .end, size: 11))
          nextLabel = baseline + 12
        }
      }
      let inset = row >= 8 ? 2.0 : 0.4
      for bar in merged(lane.attempts, begin: begin, scale) {
        let box = Box(
          left: bar.left, top: top + inset, right: max(bar.right - 0.7, bar.left + 0.7),
          bottom: top + row - inset)
        let colour = Self.look(bar.outcome).colour
        if isDetailed {
          drawing.rectangle(box, colour, hint: bar.name)
        } else {
          paths[colour, default: ""] +=
            "M\(Drawing.point(box.left, box.top))H\(Drawing.number(box.right))V\(Drawing.number(box.bottom))H\(Drawing.number(box.left))Z"
        }
      }
    }
    for (colour, data) in paths.sorted(by: { $0.key < $1.key }) { drawing.path(data, colour) }
  }

  private struct Bar {
    var left, right: Double
    var outcome: String
    var name: String
  }

  /// The bars of a row; those of one outcome that share a pixel are one.
  private func merged(_ attempts: [Attempt], begin: Double, _ scale: Scale) -> [Bar] {
    var bars: [Bar] = []
    for attempt in attempts {
      let left = scale.place(attempt.begin - begin) ?? 0
      let right = scale.place(attempt.end - begin) ?? left
      if let last = bars.last, last.outcome == attempt.outcome, right - last.right < 1,
        left - last.left < 4
      {
        bars[bars.count - 1].right = max(right, last.right)
        bars[bars.count - 1].name = "several"
      } else {
        bars.append(
          Bar(
            left: left, right: right, outcome: attempt.outcome,
            name: "\(attempt.name): \(attempt.outcome), "
              + "\(NumberText.number(attempt.end - attempt.begin, digits: 3)) s"))
      }
    }
    return bars
  }
}

extension Timeline {
  /// The same with characters: a line for each slot of each worker, a character for a piece of time.
  ///
  /// - Parameter width: Columns of the terminal.
  /// - Returns: Lines without an end.
  public func lines(width: Int) -> [String] {
    let head = TextLines.heads(title, subtitle, width) + [""]
    let lanes = lanes()
    guard let begin = attempts.map(\.begin).min(), let end = attempts.map(\.end).max() else {
      return head + ["No worker has taken a trial yet."]
    }
    let workers = lanes.map { $0.isFirst ? TerminalText.readable($0.worker) : "" }
    let names = min(workers.map { TerminalText.width(of: $0) }.max() ?? 0, max(width / 3, 8))
    let columns = max(width - names - 3, 10)
    let span = max(end - begin, 1e-9)
    var lines = head
    for (lane, worker) in zip(lanes, workers) {
      // What took most of a piece of time is what is shown there; any work is more than none.
      var shares = [[Character: Double]](repeating: [:], count: columns)
      for attempt in lane.attempts {
        let first = (attempt.begin - begin) / span * Double(columns)
        let last = max((attempt.end - begin) / span * Double(columns), first + 1e-6)
        // One that began at the very end is in the last piece.
        let (from, to) = (min(Int(first), columns - 1), min(Int(last), columns - 1))
        for column in from...to where Double(column) < last {
          let covered = min(last, Double(column + 1)) - max(first, Double(column))
          // A sliver beyond the last whole piece is not worth a character, unless it is all there is.
          guard covered > 0.02 || from == to else { continue }
          shares[column][Self.look(attempt.outcome).character, default: 0] += covered
        }
      }
      let bar = shares.map { share in
        share.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? " "
      }
      lines.append(
        TerminalText.right(TerminalText.cut(worker, names), names) + " │" + String(bar))
    }
    let label = Ticks.span((end - begin).rounded(.up))
    lines.append(
      String(repeating: " ", count: names + 1) + "└" + String(repeating: "─", count: columns))
    lines.append(
      String(repeating: " ", count: names + 2) + "0"
        + String(repeating: " ", count: max(1, columns - 1 - label.count)) + label)
    let legend = seen.map { outcome in
      "\(Self.look(outcome).character) \(outcome) \(attempts.count { $0.outcome == outcome })"
    }
    return lines + [""] + TextLines.packed(legend, width)
      + TextLines.wrapped(summary(lanes, begin, end), width)
  }
}

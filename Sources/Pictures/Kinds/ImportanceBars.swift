/// How much each hyperparameter matters, as bars.
public struct ImportanceBars: Sendable {
  /// One hyperparameter.
  public struct Share: Sendable, Hashable {
    /// What it is called.
    public var name: String
    /// Its share of all; those of a picture add up to 1 or less.
    public var share: Double
    /// From how many trials it is known; nil if that is not to be told.
    public var trials: Int?

    /// A hyperparameter.
    public init(_ name: String, _ share: Double, trials: Int? = nil) {
      (self.name, self.share, self.trials) = (name, share, trials)
    }
  }

  /// Above the picture.
  public var title: String
  /// More about it, such as the method.
  public var subtitle: String
  /// The hyperparameters, the most important first.
  public var shares: [Share]

  /// A picture. Shares that are not finite are left out.
  public init(title: String, subtitle: String = "", shares: [Share]) {
    (self.title, self.subtitle) = (title, subtitle)
    self.shares = shares.filter { $0.share.isFinite }
  }

  private static let most = 30
  private static let row = 26.0

  /// The picture.
  public func picture() -> Picture {
    var canvas = Canvas(width: 760, title: title, subtitle: subtitle)
    let shown = shares.prefix(Self.most)
    guard !shown.isEmpty else { return canvas.empty("There is nothing to compare yet.") }
    let whole = canvas.box(height: 0)
    let names = shown.map { TextWidth.of($0.name) }.max() ?? 0
    let left = whole.left + min(names, 260) + 10
    let right = whole.right - 60
    let greatest = max(shown.map(\.share).max() ?? 1, 1e-9)
    let scale = Scale(.linear, Extent(low: 0, high: greatest), from: left, to: right, air: 0)
    let bottom = canvas.top + Double(shown.count) * Self.row + 4
    var grid = ""
    for tick in scale.ticks(5).labelled {
      guard let x = scale.place(tick.value) else { continue }
      grid += "M\(Drawing.point(x, canvas.top))V\(Drawing.number(bottom))"
      canvas.drawing.write(tick.label, x: x, y: bottom + 16, TextStyle(anchor: .middle))
    }
    canvas.drawing.path(grid, "grid", width: 1)
    for (index, share) in shown.enumerated() {
      let top = canvas.top + Double(index) * Self.row + 5
      let end = scale.place(max(share.share, 0)) ?? left
      canvas.drawing.rectangle(
        Box(left: left, top: top, right: end, bottom: top + Self.row - 9), "f0",
        hint: share.trials.map {
          "\(share.name): \(NumberText.decimal(share.share, places: 3)), known from \($0) trials"
        })
      canvas.drawing.write(
        TextWidth.fitting(share.name, 260), x: left - 8, y: top + 13, TextStyle(anchor: .end))
      canvas.drawing.write(
        NumberText.decimal(share.share, places: 3), x: end + 6, y: top + 13,
        TextStyle(name: "halo"))
    }
    canvas.drawing.line(left, canvas.top, left, bottom, "axis")
    canvas.drawing.write(
      "share of what hyperparameters explain", x: (left + right) / 2, y: bottom + 36,
      TextStyle(anchor: .middle))
    let rest = shares.count - shown.count
    return canvas.finish(
      bottom + 38, notes: rest > 0 ? ["\(rest) further hyperparameters are not drawn."] : [])
  }

  /// The same with characters.
  ///
  /// - Parameter width: Columns of the terminal.
  /// - Returns: Lines without an end.
  public func lines(width: Int) -> [String] {
    guard !shares.isEmpty else { return [title, "There is nothing to compare yet."] }
    let titles = shares.map { TerminalText.readable($0.name) }
    let names = min(titles.map { TerminalText.width(of: $0) }.max() ?? 0, max(width / 3, 8))
    let room = max(width - names - 10, 10)
    let greatest = max(shares.map(\.share).max() ?? 1, 1e-9)
    return TextLines.heads(title, subtitle, width)
      + zip(shares, titles).map { share, title in
        TerminalText.right(TerminalText.cut(title, names), names)
          + "  \(NumberText.decimal(share.share, places: 3)) "
          + TextBar.of(share.share / greatest, width: room)
      }
  }
}

/// A bar of characters with an eighth of one as its finest step.
enum TextBar {
  static func of(_ share: Double, width: Int) -> String {
    guard share.isFinite, share > 0 else { return "" }
    let eighths = Int((min(share, 1) * Double(width) * 8).rounded())
    let parts: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let bar = String(repeating: "█", count: eighths / 8)
    return eighths % 8 == 0 ? bar : bar + String(parts[eighths % 8 - 1])
  }
}

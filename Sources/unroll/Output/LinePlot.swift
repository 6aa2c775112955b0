import Glibc

/// Lines over a shared axis, as SVG: readable in light and dark, with colours that all eyes can tell
/// apart (Okabe and Ito 2008) and a dash pattern for each.
struct LinePlot {
  struct Line {
    var name: String
    /// Values that are not finite, or not positive on a logarithmic axis, leave a gap.
    var points: [(x: Double, y: Double)]
  }

  var title: String
  var horizontal: String
  var vertical: String
  var isLogarithmic: Bool
  var lines: [Line]

  private static let colours = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A6A00", "#808080",
  ]
  private static let dashes = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 3", "6 2 2 2 2 2"]

  /// Plots under each other in one document.
  static func document(_ plots: [LinePlot]) -> String {
    let (width, height) = (760, 380)
    let body = plots.enumerated().map { index, plot in
      "<g transform=\"translate(0 \(index * height))\">\n\(plot.drawing(width, height))</g>\n"
    }.joined()
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height * plots.count)" \
      width="\(width)" height="\(height * plots.count)" font-family="sans-serif" font-size="12">
      <style>
        svg { color-scheme: light dark; background: #fff; }
        text { fill: #222; } .axis { stroke: #666; fill: none; } .grid { stroke: #ddd; }
        @media (prefers-color-scheme: dark) {
          svg { background: #181818; } text { fill: #ddd; } .grid { stroke: #383838; }
        }
      </style>
      \(body)</svg>

      """
  }

  private func height(_ y: Double) -> Double? {
    guard y.isFinite, !isLogarithmic || y > 0 else { return nil }
    return isLogarithmic ? log10(max(y, 1e-40)) : y
  }

  private func drawing(_ width: Int, _ height: Int) -> String {
    let (left, right, top, bottom) = (74.0, Double(width) - 190, 40.0, Double(height) - 52)
    let all = lines.flatMap(\.points).compactMap { point in
      self.height(point.y).map { (point.x, $0) }
    }
    let xs = all.map(\.0)
    let ys = all.map(\.1)
    var text = "<text x=\"\(left)\" y=\"22\" font-size=\"15\">\(Self.escape(title))</text>\n"
    guard let least = xs.min(), let most = xs.max(), let low = ys.min(), let high = ys.max() else {
      return text + "<text x=\"\(left)\" y=\"60\">nothing finite to draw</text>\n"
    }
    let span = max(most - least, 1e-12)
    let bounds = Self.bounds(low, high, isLogarithmic)
    func x(_ value: Double) -> Double { left + (value - least) / span * (right - left) }
    func y(_ value: Double) -> Double {
      bottom - (value - bounds.low) / (bounds.high - bounds.low) * (bottom - top)
    }
    for tick in bounds.ticks {
      let label = isLogarithmic ? "1e\(Int(tick))" : Format.number(tick, digits: 3)
      text += """
        <line class="grid" x1="\(left)" x2="\(right)" y1="\(Self.short(y(tick)))" y2="\(Self.short(y(tick)))"/>
        <text x="\(left - 8)" y="\(Self.short(y(tick) + 4))" text-anchor="end">\(label)</text>

        """
    }
    for value in Self.ticks(least, most) {
      text +=
        "<text x=\"\(Self.short(x(value)))\" y=\"\(bottom + 18)\" text-anchor=\"middle\">"
        + "\(Format.number(value, digits: 3))</text>\n"
    }
    text += """
      <path class="axis" d="M\(left) \(top) V\(bottom) H\(right)"/>
      <text x="\((left + right) / 2)" y="\(bottom + 38)" text-anchor="middle">\(Self.escape(horizontal))</text>
      <text transform="translate(16 \((top + bottom) / 2)) rotate(-90)" text-anchor="middle">\(Self.escape(vertical))</text>

      """
    for (index, line) in lines.enumerated() {
      let style =
        "stroke=\"\(Self.colours[index % Self.colours.count])\" stroke-width=\"2\" "
        + "stroke-dasharray=\"\(Self.dashes[index % Self.dashes.count])\""
      var path = ""
      var isDown = false
      for point in line.points.sorted(by: { $0.x < $1.x }) {
        guard let value = self.height(point.y) else {
          isDown = false
          continue
        }
        path += "\(isDown ? "L" : "M")\(Self.short(x(point.x))) \(Self.short(y(value)))"
        isDown = true
      }
      let row = top + 8 + Double(index) * 18
      text += """
        <path fill="none" \(style) d="\(path)"/>
        <line \(style) x1="\(right + 12)" x2="\(right + 40)" y1="\(row)" y2="\(row)"/>
        <text x="\(right + 46)" y="\(row + 4)">\(Self.escape(line.name))</text>

        """
    }
    return text
  }

  private static func bounds(
    _ low: Double, _ high: Double, _ isLogarithmic: Bool
  ) -> (low: Double, high: Double, ticks: [Double]) {
    if isLogarithmic {
      let (first, last) = (floor(low), max(ceil(high), floor(low) + 1))
      let every = max(1, ceil((last - first) / 8))
      let ticks = stride(from: last, through: first, by: -every)
      return (first, last, ticks.map { $0 })
    }
    let margin = high > low ? (high - low) * 0.05 : max(abs(high) * 0.1, 0.1)
    let (first, last) = (low - margin, high + margin)
    return (first, last, (0...4).map { first + (last - first) * Double($0) / 4 })
  }

  /// About five round numbers in a range.
  private static func ticks(_ low: Double, _ high: Double) -> [Double] {
    guard high > low else { return [low] }
    let rough = (high - low) / 5
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].first { $0 * power >= rough }.map { $0 * power } ?? rough
    return stride(from: ceil(low / step) * step, through: high, by: step).map { $0 }
  }

  private static func short(_ value: Double) -> String { Format.decimal(value, places: 1) }

  private static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}

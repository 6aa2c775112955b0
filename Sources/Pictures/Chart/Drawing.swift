/// Elements of an SVG document, one after the other. What is text is escaped here and nowhere else;
/// numbers have one digit after the point, which is a tenth of a pixel.
struct Drawing {
  /// The elements so far.
  private(set) var text = ""

  enum Anchor: String {
    case start
    case middle
    case end
  }

  mutating func write(_ string: String, x: Double, y: Double, _ style: TextStyle = TextStyle()) {
    let place =
      style.turn == 0
      ? "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
      : "transform=\"translate(\(Self.number(x)) \(Self.number(y))) rotate(\(Self.number(style.turn)))\""
    let name = style.name.isEmpty ? "" : " class=\"\(style.name)\""
    let anchor = style.anchor == .start ? "" : " text-anchor=\"\(style.anchor.rawValue)\""
    let size = style.size == 12 ? "" : " font-size=\"\(Self.number(style.size))\""
    let weight = style.isBold ? " font-weight=\"bold\"" : ""
    text += "<text \(place)\(name)\(anchor)\(size)\(weight)>\(Self.escape(string))</text>\n"
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ name: String, width: Double = 1,
    dash: String = ""
  ) {
    path("M\(Self.point(x1, y1))L\(Self.point(x2, y2))", name, width: width, dash: dash)
  }

  /// - Parameters:
  ///   - data: The steps of the path.
  ///   - name: The class.
  ///   - width: Of the stroke; 0 says nothing of one.
  ///   - dash: Lengths of dashes and gaps; none if empty.
  ///   - opacity: Of stroke and fill.
  ///   - isRound: Whether points without a length are dots.
  mutating func path(
    _ data: String, _ name: String, width: Double = 0, dash: String = "", opacity: Double = 1,
    isRound: Bool = false
  ) {
    guard !data.isEmpty else { return }
    var more = ""
    if width > 0 { more += " stroke-width=\"\(Self.number(width))\"" }
    if !dash.isEmpty { more += " stroke-dasharray=\"\(dash)\"" }
    if opacity < 1 { more += " opacity=\"\(NumberText.decimal(opacity, places: 2))\"" }
    if isRound { more += " stroke-linecap=\"round\" stroke-linejoin=\"round\"" }
    text += "<path class=\"\(name)\"\(more) d=\"\(data)\"/>\n"
  }

  /// A rectangle; `hint` is what a reader is told who points at it.
  mutating func rectangle(_ box: Box, _ name: String, opacity: Double = 1, hint: String? = nil) {
    let place =
      "x=\"\(Self.number(box.left))\" y=\"\(Self.number(box.top))\" "
      + "width=\"\(Self.number(box.width))\" height=\"\(Self.number(box.height))\""
    let more = opacity < 1 ? " opacity=\"\(NumberText.decimal(opacity, places: 2))\"" : ""
    text += "<rect class=\"\(name)\"\(more) \(place)"
    text += hint.map { "><title>\(Self.escape($0))</title></rect>\n" } ?? "/>\n"
  }

  mutating func circle(
    _ x: Double, _ y: Double, _ radius: Double, _ name: String, width: Double = 0
  ) {
    let stroke = width > 0 ? " stroke-width=\"\(Self.number(width))\"" : ""
    text +=
      "<circle class=\"\(name)\"\(stroke) cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" "
      + "r=\"\(Self.number(radius))\"/>\n"
  }

  /// What `body` draws is seen within the box only.
  mutating func clipped(to box: Box, _ body: (inout Drawing) -> Void) {
    var inner = Drawing()
    body(&inner)
    guard !inner.text.isEmpty else { return }
    let (x, y) = (Self.number(box.left), Self.number(box.top))
    let (width, height) = (Self.number(box.width), Self.number(box.height))
    text +=
      "<svg x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" "
      + "viewBox=\"\(x) \(y) \(width) \(height)\">\n\(inner.text)</svg>\n"
  }

  /// Adds elements that were drawn from the corner 0, 0.
  mutating func add(_ elements: String, x: Double, y: Double) {
    text += "<g transform=\"translate(\(Self.number(x)) \(Self.number(y)))\">\n\(elements)</g>\n"
  }

  // MARK: Texts

  /// A coordinate: one digit after the point at most, none where it would be 0. Far outside of any
  /// picture, and what is no number, ends at the edge of what programs can draw.
  static func number(_ value: Double) -> String {
    let value = value.isFinite ? min(max(value, -30000), 30000) : 0
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let (whole, rest) = (abs(tenths) / 10, abs(tenths) % 10)
    return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
  }

  /// Two coordinates in a path.
  static func point(_ x: Double, _ y: Double) -> String { "\(number(x)) \(number(y))" }

  /// Text as XML holds it: nothing in it is markup, and what XML cannot hold is replaced.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\r", "\t": escaped += " "
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// How a text stands.
struct TextStyle {
  var name = ""
  var anchor = Drawing.Anchor.start
  var size = 12.0
  var isBold = false
  /// Degrees, to the right.
  var turn = 0.0

  static let muted = TextStyle(name: "muted")
  static let title = TextStyle(size: 15, isBold: true)
}

/// Part of a picture, in pixels from its upper left corner.
struct Box: Equatable {
  var left, top, right, bottom: Double
  var width: Double { max(0, right - left) }
  var height: Double { max(0, bottom - top) }
  var centre: (x: Double, y: Double) { ((left + right) / 2, (top + bottom) / 2) }
}

/// How wide texts are, which decides what has room. Fonts differ: this is about what DejaVu Sans
/// takes, which is wider than most, so that nothing is cut with another one.
enum TextWidth {
  /// The width in pixels.
  static func of(_ text: String, size: Double = 12, isBold: Bool = false) -> Double {
    let wide = text.reduce(0.0) { $0 + ems(of: $1) }
    return wide * size * (isBold ? 1.1 : 1)
  }

  private static func ems(of character: Character) -> Double {
    switch character {
    case "i", "j", "l", "I", ".", ",", ":", ";", "'", "|", "!", " ", "⁻", "·", "\u{202F}": 0.33
    case "f", "t", "r", "-", "(", ")", "[", "]", "/", "\"": 0.4
    case "m", "w", "M", "W", "%", "@", "…", "∂": 0.95
    case "⁰"..."⁹", "²", "³", "¹": 0.41
    case "+", "=", "<", ">", "~", "≥", "≤", "→", "←": 0.84
    case "A"..."Z": 0.72
    case _ where character.isASCII: 0.62
    default: character.unicodeScalars.allSatisfy { $0.value < 0x1100 } ? 0.66 : 1.05
    }
  }

  /// The text, or as much of its beginning as fits with an ellipsis behind it.
  static func fitting(_ text: String, _ width: Double, size: Double = 12) -> String {
    guard of(text, size: size) > width else { return text }
    var kept = Substring(text)
    while !kept.isEmpty, of(kept + "…", size: size) > width { kept.removeLast() }
    return kept + "…"
  }

  /// The text, or as much of its beginning and its end as fits, with an ellipsis between: names in a
  /// list often begin alike.
  static func fittingEnds(_ text: String, _ width: Double, size: Double = 12) -> String {
    guard of(text, size: size) > width else { return text }
    var (head, tail) = (text.prefix(text.count / 2), text.suffix(text.count - text.count / 2))
    while !tail.isEmpty, of(head + "…" + tail, size: size) > width {
      if head.count >= tail.count { head.removeLast() } else { tail.removeFirst() }
    }
    return head + "…" + tail
  }
}

/// A finished drawing.
public struct Picture: Sendable {
  /// Pixels from left to right.
  public let width: Double
  /// Pixels from top to bottom.
  public let height: Double
  /// What it shows, in a line.
  public let title: String
  let elements: String

  /// The whole document: well-formed XML, UTF-8.
  ///
  /// - Parameter theme: On which ground it stands.
  /// - Returns: The text of the document.
  public func svg(_ theme: Theme = .automatic) -> String {
    let (width, height) = (Drawing.number(width), Drawing.number(height))
    // The ground is drawn too, because what turns SVG into pixels may leave out the style of the root.
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
      height="\(height)" role="img" font-size="12" \
      font-family="'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif">
      <title>\(Drawing.escape(title))</title>
      <style>\(theme.styleSheet)</style>
      <rect class="ground" width="\(width)" height="\(height)"/>
      \(elements)</svg>

      """
  }

  /// Several pictures under each other as one.
  public static func stacked(_ pictures: [Picture]) -> Picture {
    var drawing = Drawing()
    var top = 0.0
    for picture in pictures {
      drawing.add(picture.elements, x: 0, y: top)
      top += picture.height
    }
    return Picture(
      width: pictures.map(\.width).max() ?? 0, height: top,
      title: pictures.map(\.title).joined(separator: "; "), elements: drawing.text)
  }
}

/// A picture while it is drawn: heads above, notes below, and the place between.
struct Canvas {
  let width: Double
  private let title: String
  /// Where the place below the heads begins.
  private(set) var top: Double
  var drawing = Drawing()
  static let margin = 16.0

  /// - Parameters:
  ///   - width: Pixels from left to right.
  ///   - title: What it shows, in a line.
  ///   - subtitle: More about it; broken into lines where it is long.
  init(width: Double, title: String, subtitle: String = "") {
    self.width = width
    self.title = title
    let room = width - 2 * Self.margin
    top = 20
    for line in TextWidth.lines(title, room / 1.1, size: 15) {
      drawing.write(line, x: Self.margin, y: top + 7, .title)
      top += 20
    }
    for line in TextWidth.lines(subtitle, room) {
      drawing.write(line, x: Self.margin, y: top + 6, .muted)
      top += 16
    }
    top += 8
  }

  /// The place from the left to the right margin, so high, below the heads.
  func box(height: Double) -> Box {
    Box(left: Self.margin, top: top, right: width - Self.margin, bottom: top + height)
  }

  /// Ends the picture below `bottom` with notes.
  mutating func finish(_ bottom: Double, notes: [String] = []) -> Picture {
    var bottom = bottom + 8
    for line in notes.flatMap({ TextWidth.lines($0, width - 2 * Self.margin, size: 11) }) {
      drawing.write(line, x: Self.margin, y: bottom + 10, TextStyle(name: "muted", size: 11))
      bottom += 15
    }
    return Picture(width: width, height: bottom + 8, title: title, elements: drawing.text)
  }

  /// What is shown where there is nothing to draw.
  mutating func empty(_ message: String) -> Picture {
    drawing.write(message, x: Self.margin, y: top + 20, .muted)
    return finish(top + 32)
  }
}

extension TextWidth {
  /// A text in lines that fit, broken between words.
  static func lines(_ text: String, _ width: Double, size: Double = 12) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, of(last + " " + word, size: size) <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(fitting(String(word), width, size: size))
      }
    }
    return lines
  }
}

/// On which ground a picture stands.
public enum Theme: String, Sendable, CaseIterable {
  /// Dark on white.
  case light
  /// Light on nearly black.
  case dark
  /// As the reader's system has it; for programs that cannot tell, light. In SVG only.
  case automatic
}

/// The colours of a theme, as rules for the classes that drawings are made of.
///
/// A drawing says what something means (`s0` is the first series, `v15` the best of a scale) and never
/// how it looks: so the same drawing serves all themes.
struct Palette {
  let ground: String
  let text: String
  let mutedText: String
  let axis: String
  let grid: String
  /// For what stands behind what is looked at.
  let faint: String
  /// Colours that all eyes can tell apart, after Okabe and Ito (2008).
  let series: [String]
  /// From the worst to the best, after viridis; the best stands out from the ground.
  let scale: [String]
  /// From none to all, of cells with a number in them.
  let cells: [String]
  /// The numbers in the cells: on those near the ground, and on the others.
  let onCells: (faint: String, strong: String)

  static let light = Palette(
    ground: "#ffffff", text: "#1f1f1f", mutedText: "#5c5c5c", axis: "#6a6a6a", grid: "#e4e4e4",
    faint: "#b9b9b9",
    series: [
      "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#707070",
    ],
    scale: Colour.steps(Array(Colour.viridis.reversed()), from: 0.22),
    cells: Colour.steps(["#f4f6f8", "#9ecae1", "#2f7fb8", "#08306b"].map(Colour.init)),
    onCells: ("#1f1f1f", "#ffffff"))

  static let dark = Palette(
    ground: "#16181b", text: "#e8e8e8", mutedText: "#a9a9a9", axis: "#8e8e8e", grid: "#33363a",
    faint: "#5d5d5d",
    // The same hues in the same order, lighter.
    series: [
      "#4da6e0", "#f0803c", "#2bb891", "#de9bc0", "#f0b429", "#8fd0f5", "#c9bd4a", "#a8a8a8",
    ],
    scale: Colour.steps(Colour.viridis, from: 0.3),
    cells: Colour.steps(["#24282d", "#1f4f7a", "#3f8fc9", "#b5dcf5"].map(Colour.init)),
    onCells: ("#e8e8e8", "#101214"))

  /// How many colours a scale has: few enough for their names to be short.
  static let steps = 16

  var rules: String {
    var rules = """
      svg{background:\(ground)}.ground{fill:\(ground)}text{fill:\(text)}.muted{fill:\(mutedText)}\
      .halo{stroke:\(ground);stroke-width:3.5;stroke-linejoin:round;paint-order:stroke}\
      .axis{stroke:\(axis);fill:none}.grid{stroke:\(grid);fill:none}\
      .mark{stroke:\(text);fill:none}.faint{stroke:\(faint);fill:none}.faintfill{fill:\(faint)}\
      .ring{fill:none;stroke:\(text)}.outline{fill:none;stroke:#101010}.inside{fill:none;stroke:#ffffff}
      """
    for (index, colour) in series.enumerated() {
      rules += ".s\(index){stroke:\(colour);fill:none}.f\(index){fill:\(colour)}"
    }
    for (index, colour) in scale.enumerated() {
      rules += ".v\(index){fill:\(colour)}.w\(index){stroke:\(colour);fill:none}"
    }
    for (index, colour) in cells.enumerated() { rules += ".c\(index){fill:\(colour)}" }
    return rules + ".onfaint{fill:\(onCells.faint)}.onstrong{fill:\(onCells.strong)}"
  }
}

extension Theme {
  /// The style sheet of a document.
  var styleSheet: String {
    switch self {
    case .light: Palette.light.rules
    case .dark: Palette.dark.rules
    case .automatic:
      "svg{color-scheme:light dark}" + Palette.light.rules
        + "@media(prefers-color-scheme:dark){\(Palette.dark.rules)}"
    }
  }
}

/// Red, green and blue from 0 to 255.
struct Colour: Equatable {
  var red, green, blue: Double

  /// - Parameter text: `#rrggbb`.
  init(_ text: String) {
    let value = Int(text.dropFirst(), radix: 16) ?? 0
    red = Double(value >> 16 & 255)
    green = Double(value >> 8 & 255)
    blue = Double(value & 255)
  }

  init(red: Double, green: Double, blue: Double) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  var text: String {
    "#"
      + [red, green, blue].map {
        let digits = String(Int($0.rounded()), radix: 16)
        return digits.count < 2 ? "0" + digits : digits
      }.joined()
  }

  /// The lightness that an eye sees, 0 to 1: WCAG's relative luminance, with a plain square for the
  /// curve of a screen.
  var luminance: Double {
    func linear(_ part: Double) -> Double { (part / 255) * (part / 255) }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// Eleven points of a scale whose lightness rises evenly, from dark violet to yellow.
  static let viridis = [
    "#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70",
    "#7ad151", "#bddf26", "#fde725",
  ].map(Colour.init)

  /// Evenly spaced colours along a list of them.
  static func steps(_ stops: [Colour], from start: Double = 0) -> [String] {
    (0..<Palette.steps).map { index in
      let share = start + (1 - start) * Double(index) / Double(Palette.steps - 1)
      let place = share * Double(stops.count - 1)
      let lower = min(Int(place), stops.count - 2)
      let part = place - Double(lower)
      func mix(_ component: (Colour) -> Double) -> Double {
        component(stops[lower]) * (1 - part) + component(stops[lower + 1]) * part
      }
      return Colour(red: mix(\.red), green: mix(\.green), blue: mix(\.blue)).text
    }
  }
}

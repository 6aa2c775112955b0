import Testing

@testable import Pictures

/// From values to places, texts to XML.
@Suite struct ScaleTests {
  @Test func `even steps`() {
    let scale = Scale(.linear, Extent(low: 2, high: 4), from: 100, to: 300, air: 0)
    #expect(scale.place(2) == 100 && scale.place(3) == 200 && scale.place(4) == 300)
    #expect(scale.place(.nan) == nil && scale.place(.infinity) == nil)
    #expect(scale.value(at: 0.5) == 3)
  }

  @Test func `powers of ten`() throws {
    let scale = Scale(.logarithmic, Extent(low: 0.01, high: 100), from: 400, to: 0, air: 0)
    let middle = try #require(scale.place(1))
    #expect(abs(middle - 200) < 1e-9)
    #expect(scale.place(0) == nil && scale.place(-1) == nil)
    #expect(abs(scale.value(at: 0.75) - 10) < 1e-9)
  }

  @Test func `names have a band each`() {
    let scale = Scale(.names(["rnn", "lstm", "gru"]), Extent(low: 0, high: 2), from: 0, to: 300)
    #expect(scale.band == 100)
    #expect(scale.place(0) == 50 && scale.place(2) == 250)
    #expect(scale.ticks(2).labelled.map(\.label) == ["rnn", "lstm", "gru"])
  }

  @Test func `of many names on top of each other every so many-th is written`() throws {
    let names = (1...60).map { "value \($0)" }
    let axis = Axis(title: "hidden", kind: .names(names), extent: Extent(low: 0, high: 59))
    let panel = Panel(
      Box(left: 0, top: 0, right: 400, bottom: 300),
      x: Axis(title: "", extent: Extent(low: 1, high: 5)), y: axis)
    var drawing = Drawing()
    panel.draw(&drawing)
    let written = names.filter { drawing.text.contains(">\($0)<") }
    #expect((10...20).contains(written.count), "\(written)")
  }

  @Test(arguments: [ScaleKind.linear, .logarithmic, .whole, .seconds, .moments])
  func `one value stands in the middle or where it is`(kind: ScaleKind) throws {
    let scale = Scale(kind, Extent(low: 5, high: 5), from: 0, to: 100)
    let place = try #require(scale.place(5))
    #expect(place >= 0 && place <= 100 && scale.low < scale.high)
  }

  @Test func `the extent leaves out what is no number`() {
    #expect(Extent([3, .nan, 1, .infinity, 2]) == Extent(low: 1, high: 3))
    #expect(Extent([-1, 0, 0.5], kind: .logarithmic) == Extent(low: 0.5, high: 0.5))
    #expect(Extent([Double.nan]) == nil)
    #expect(Extent([]) == nil)
    #expect(Extent([1, 1e200]) == Extent(low: 1, high: 1))
  }

  @Test func `a few that diverged do not press the others together`() {
    let losses = (0..<20).map { 0.3 + Double($0) / 100 } + [1e9, .nan, 5000]
    #expect(Extent.bulk(losses) == Extent(low: 0.3, high: 0.49))
    #expect(Extent.bulk([1, 2, 1e9]) == Extent(low: 1, high: 1e9))
    #expect(Extent.bulk(Array(repeating: 4, count: 20)) == Extent(low: 4, high: 4))
  }

  @Test func `decades are noticed`() {
    #expect(Extent.spansDecades((0..<20).map { 1 / Double(1 + $0 * $0 * $0) }))
    #expect(!Extent.spansDecades((0..<20).map { 0.5 + Double($0) / 50 }))
    #expect(!Extent.spansDecades([-1, 1, 1000]))
    #expect(!Extent.spansDecades([]))
  }

  @Test(arguments: [
    ("a < b & c > \"d\"", "a &lt; b &amp; c &gt; &quot;d&quot;"),
    ("it's\n\tone line", "it&#39;s  one line"),
    ("\u{0}\u{8}\u{FFFE}é∂h₀ 😀", "\u{FFFD}\u{FFFD}\u{FFFD}é∂h₀ 😀"),
    ("</text><script>", "&lt;/text&gt;&lt;script&gt;"),
  ])
  func `text is no markup`(text: String, expected: String) {
    #expect(Drawing.escape(text) == expected)
  }

  @Test(arguments: [
    (0.0, "0"), (12.34, "12.3"), (-0.04, "0"), (-7.25, "-7.3"), (100, "100"), (.nan, "0"),
    (.infinity, "0"), (1e300, "30000"),
  ])
  func `coordinates are short`(value: Double, expected: String) {
    #expect(Drawing.number(value) == expected)
  }

  @Test(arguments: [
    (0.98671, "0.9867"), (12.34567, "12.35"), (1200, "1200"), (0.00003, "3e-05"),
    (.leastNonzeroMagnitude, "4.94e-324"),
    (1e300, "1e+300"), (-2.5e-9, "-2.5e-09"), (9.9999e-5, "1e-04"), (.nan, "NaN"),
    (-.infinity, "-∞"),
  ])
  func `numbers for people`(value: Double, expected: String) {
    #expect(
      NumberText.number(value).replacing("e+", with: "e") == expected.replacing("e+", with: "e"))
  }

  @Test func `long texts end with an ellipsis and fit`() {
    let text = String(repeating: "model.hidden ", count: 20)
    let short = TextWidth.fitting(text, 100)
    #expect(short.hasSuffix("…") && TextWidth.of(short) <= 100)
    #expect(TextWidth.fitting("short", 100) == "short")
    let lines = TextWidth.lines(text, 200)
    #expect(lines.count > 5 && lines.allSatisfy { TextWidth.of($0) <= 200 })
    #expect(lines.joined(separator: " ") + " " == text)
  }

  @Test func `the colours of a theme stand out from its ground`() {
    for palette in [Palette.light, .dark] {
      let ground = Colour(palette.ground).luminance
      func contrast(_ text: String) -> Double {
        let other = Colour(text).luminance
        return (max(ground, other) + 0.05) / (min(ground, other) + 0.05)
      }
      #expect(contrast(palette.text) > 10 && contrast(palette.mutedText) > 4.5)
      #expect(palette.series.allSatisfy { contrast($0) > 2 })
      #expect(Set(palette.series).count == Marks.dashes.count)
      // The best stands out most, the lightness goes one way.
      let steps = palette.scale.map(contrast)
      #expect(steps == steps.sorted() && palette.scale.count == Palette.steps)
    }
  }
}

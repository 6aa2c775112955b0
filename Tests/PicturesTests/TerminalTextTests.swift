import Testing

@testable import Pictures

/// What a text looks like on a terminal.
@Suite struct TerminalTextTests {
  @Test(arguments: [
    ("", 0), ("hidden 64", 9), ("café", 4), ("cafe\u{301}", 4), ("日本語", 6), ("ﾃｽﾄ", 3), ("한국어", 6),
    ("\u{1112}\u{1161}\u{11AB}", 2), ("спам, реклама", 13), ("☕", 2), ("❤", 1), ("❤\u{FE0F}", 2),
    ("👩‍👩‍👧", 2), ("👍🏽", 2), ("🇩🇪", 2), ("1\u{FE0F}\u{20E3}", 2), ("a\u{200D}b", 2), ("Ａ！", 4),
    ("…│·●", 4),
    ("कि", 2), ("天気 x", 6),
  ])
  func `a text takes as many cells as a terminal gives it`(text: String, cells: Int) {
    #expect(TerminalText.width(of: text) == cells)
  }

  @Test(arguments: [
    ("plain", "plain"), ("日本語 👩‍👩‍👧 é", "日本語 👩‍👩‍👧 é"), ("a\nb", "a\\nb"), ("a\r\n\tb", "a\\r\\n\\tb"),
    ("\u{1B}[31mred", "\\u{1b}[31mred"), ("\u{0}\u{7F}\u{9B}", "\\u{0}\\u{7f}\\u{9b}"),
    ("a\u{2028}b", "a\\u{2028}b"), ("a\u{202E}b", "a\\u{202e}b"), ("C:\\new", "C:\\new"),
  ])
  func `what would do something to a terminal is shown`(text: String, shown: String) {
    #expect(TerminalText.readable(text) == shown)
    #expect(TerminalText.readable(shown) == shown)
  }

  @Test func `what is too wide is cut between characters`() {
    #expect(TerminalText.cut("hidden", 6) == "hidden" && TerminalText.cut("hidden", 5) == "hidd…")
    // The second half of a character is no place to cut.
    #expect(TerminalText.cut("日本語", 6) == "日本語" && TerminalText.cut("日本語", 5) == "日本…")
    #expect(TerminalText.cut("日本語", 4) == "日…" && TerminalText.cut("日本語", 1) == "…")
    #expect(TerminalText.cutEnds("a class 12", 7) == "a c… 12")
    #expect(TerminalText.cutEnds("日本語の文字", 7) == "日…字")
    #expect(TerminalText.cutEnds("日本語の文字", 8) == "日本…字")
    #expect(TerminalText.left("日本", 6) + "|" == "日本  |" && TerminalText.right("日本", 5) == " 日本")
    #expect(TerminalText.right("hidden", 2) == "hidden")
  }

  @Test func `lines and legends break by cells`() {
    #expect(TextLines.wrapped("日本語 日本語 ab", 9) == ["日本語", "日本語 ab"])
    #expect(TextLines.packed(["● 日本語", "○ b"], 14) == ["● 日本語   ○ b"])
    #expect(TextLines.packed(["● 日本語", "○ b"], 13) == ["● 日本語", "○ b"])
    #expect(TextLines.wrapped("a\nb \u{1B}c", 20) == ["a\\nb \\u{1b}c"])
  }

  // MARK: Labels in what is drawn with characters

  private static let labels = ["日本語", "café ☕", "a\nb\u{1B}", "plain"]

  @Test func `columns stand under each other whatever the labels are`() {
    let matrix = ConfusionMatrix(
      title: "Trial 7", cells: Self.labels.map { .init(actual: $0, predicted: "plain", count: 5) })
    let lines = matrix.lines(width: 90)
    let table = lines[2..<8]
    #expect(table.contains { $0.contains("a\\nb\\u{1b}") })
    // All but the last, which has no recall.
    #expect(Set(table.dropLast().map { TerminalText.width(of: $0) }).count == 1, "\(table)")
    let bars = ImportanceBars(title: "t", shares: Self.labels.map { .init($0, 0.25) })
      .lines(width: 60)
    #expect(Set(bars.dropFirst().map { TerminalText.width(of: $0) }).count == 1, "\(bars)")
    let timeline = Timeline(
      title: "t",
      attempts: Self.labels.map { .init(worker: $0, begin: 0, end: 9, outcome: "succeeded") }
    ).lines(width: 40)
    #expect(Set(timeline[2..<6].map { TerminalText.width(of: $0) }).count == 1, "\(timeline)")
    for line in lines + bars + timeline {
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 }, "\(line)")
    }
  }

  @Test func `mistakes of many classes name them readably`() {
    let matrix = ConfusionMatrix(
      title: "t",
      cells: (0..<40).map { .init(actual: "a\n\($0)", predicted: "\u{1B}", count: $0 == 7 ? 9 : 1) }
    )
    let lines = matrix.lines(width: 80)
    #expect(lines.contains("  a\\n7 taken for \\u{1b}: 9"))
  }
}

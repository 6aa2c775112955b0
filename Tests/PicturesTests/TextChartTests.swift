import Testing

@testable import Pictures

/// Curves drawn with characters.
@Suite struct TextChartTests {
  private func curves(
    _ lines: [LinePlot.Line], background: [[Point]] = [], levels: [LinePlot.Mark] = []
  ) -> LearningCurves {
    LearningCurves(
      title: "Sweep 3",
      plots: [
        LinePlot(
          title: "validation loss", horizontal: "epoch", vertical: "loss", lines: lines,
          background: background, backgroundName: "other trials", levels: levels)
      ])
  }

  @Test func `curves have marks and an axis`() {
    let lines = curves(
      [.init("train", [Point(1, 1), Point(4, 0)]), .init("validation", [Point(1, 2)])]
    ).lines(width: 60, height: 5)
    #expect(lines.contains("validation loss   ● train   ○ validation"))
    #expect(lines.contains { $0.hasPrefix(" 2 ┤○") })
    #expect(lines.contains { $0.hasPrefix(" 0 ┤") && $0.hasSuffix("●") })
    #expect(lines.allSatisfy { $0.count <= 60 })
    let wild = TextChart(
      title: "t",
      series: [
        .init(name: "a", mark: "o", points: [Point(.nan, 1), Point(1e300, 2), Point(1, .nan)])
      ])
    #expect(wild.lines(width: 20).contains { $0.contains("no finite values") })
  }

  @Test(arguments: [1.0, 0, -0.25, 12345])
  func `a curve that stays where it is has one label`(value: Double) {
    let lines = curves([.init("a", [Point(1, value), Point(3, value)])]).lines(
      width: 60, height: 9)
    let labelled = lines.filter { $0.contains("┤") }
    #expect(labelled.count == 1, "\(lines)")
    #expect(labelled[0].hasPrefix(" \(NumberText.number(value)) ┤●"))
  }

  @Test func `values that hardly differ have labels that do`() {
    let lines = curves([.init("a", [Point(1, 0.99999), Point(3, 0.99998)])]).lines(width: 60)
    let labels = lines.filter { $0.contains("┤") }.map { $0.prefix { $0 != "┤" } }
    #expect(labels.count == 3 && Set(labels).count == 3, "\(labels)")
  }

  @Test func `curves without a name are seen, also where no other is`() {
    let behind = [[Point(1, 0), Point(4, 2)], [Point(1, 2)]]
    let lines = curves([], background: behind).lines(width: 40, height: 5)
    #expect(lines.contains("validation loss   : other trials"))
    #expect(lines.contains { $0.hasPrefix(" 2 ┤:") && $0.hasSuffix(":") })
    #expect(lines.contains { $0.hasPrefix(" 0 ┤:") })
    // What is looked at lies before them.
    let both = curves([.init("best", [Point(1, 0), Point(4, 2)])], background: behind)
      .lines(width: 40, height: 5)
    #expect(both.contains { $0.hasPrefix(" 0 ┤●·") && !$0.contains(":") })
    #expect(both.contains { $0.hasPrefix(" 2 ┤:") && $0.hasSuffix("●") })
  }

  @Test func `one that diverged behind the others does not press them together`() {
    let behind = (0..<20).map { trial in
      (1...5).map { Point(Double($0), 0.5 + Double(trial) / 100) }
    }
    let lines = curves(
      [.init("a", behind[3])], background: behind + [[Point(1, 1), Point(2, 1e9)]]
    ).lines(width: 60)
    #expect(lines.contains { $0.hasPrefix(" 0.6900 ┤") }, "\(lines)")
  }

  @Test func `levels are lines across, with their values in the legend`() {
    let lines = curves(
      [.init("a", [Point(1, 0), Point(3, 0.5)])],
      levels: [.init("majority", at: 0.25), .init("naive-bayes", at: 1), .init("odd", at: .nan)]
    ).lines(width: 60, height: 5)
    #expect(
      lines.contains("validation loss   ● a   - majority 0.2500   = naive-bayes 1"), "\(lines)")
    #expect(lines.contains { $0.hasPrefix("      1 ┤====") })
    #expect(lines.contains { $0.contains("---") && $0.contains("│") })
    // A level alone is nothing to look at.
    let empty = curves([], levels: [.init("majority", at: 0.25)]).lines(width: 60)
    #expect(empty.contains { $0.contains("no finite values") })
  }

  @Test func `levels that are far away are told, and do not press the curves together`() {
    let lines = curves(
      [.init("a", [Point(1, 2), Point(2, 1.5), Point(3, 1)])],
      levels: [
        .init("unigram", at: 3.3), .init("near", at: 1.25), .init("none", at: -0.5),
        .init("odd", at: .nan),
      ]
    ).lines(width: 70, height: 5)
    #expect(
      lines.dropFirst(2).prefix(2) == [
        "validation loss   ● a   unigram 3.300, above   = near 1.250", "  none -0.5000, below",
      ], "\(lines)")
    #expect(lines.contains { $0.hasPrefix("     2 ┤●") })
    #expect(!lines.contains { $0.contains("---") || $0.contains("~~~") })
  }

  @Test func `lines beyond the marks are among those without a name`() {
    let lines = curves((0..<10).map { .init("trial \($0)", [Point(1, Double($0))]) })
      .lines(width: 70)
    #expect(lines.contains { $0.contains("% trial 7") && $0.contains(": other trials") })
    #expect(!lines.contains { $0.contains("trial 8") })
  }
}

/// How a metric went from epoch to epoch in the trials of a sweep, or several in one trial.
public struct LearningCurves: Sendable {
  /// Above the picture.
  public var title: String
  /// More about it.
  public var subtitle: String
  /// A plot for each metric, one under the other.
  public var plots: [LinePlot]

  /// The curves of one or several metrics.
  public init(title: String, subtitle: String = "", plots: [LinePlot]) {
    (self.title, self.subtitle, self.plots) = (title, subtitle, plots)
  }

  /// The picture.
  public func picture() -> Picture {
    LinePlot.picture(plots, title: title, subtitle: subtitle)
  }

  private static let marks: [Character] = ["●", "○", "x", "+", "*", "#", "@", "%"]
  private static let levelMarks: [Character] = ["-", "=", "~", "_"]

  /// The same with characters.
  ///
  /// - Parameters:
  ///   - width: Columns of the terminal.
  ///   - height: Lines of each plot.
  /// - Returns: Lines without an end.
  public func lines(width: Int, height: Int = 12) -> [String] {
    TextLines.heads(title, subtitle, width)
      + plots.flatMap { [""] + Self.chart($0).lines(width: width, height: height) }
  }

  /// One plot; lines for which there is no mark any more are among those without a name.
  private static func chart(_ plot: LinePlot) -> TextChart {
    let levels = plot.levels.filter { $0.value.isFinite }
    return TextChart(
      title: plot.title,
      series: zip(plot.lines, marks).map {
        TextChart.Series(name: $0.name, mark: $1, points: $0.points)
      },
      background: plot.background + plot.lines.dropFirst(marks.count).map(\.points),
      backgroundName: plot.backgroundName,
      levels: levels.enumerated().map { index, level in
        TextChart.Level(
          name: "\(level.name) \(NumberText.number(level.value))",
          mark: levelMarks[index % levelMarks.count], value: level.value)
      },
      horizontal: plot.horizontal)
  }
}

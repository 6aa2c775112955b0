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

  /// The same with characters.
  ///
  /// - Parameters:
  ///   - width: Columns of the terminal.
  ///   - height: Lines of each plot.
  /// - Returns: Lines without an end.
  public func lines(width: Int, height: Int = 12) -> [String] {
    let marks: [Character] = ["●", "○", "x", "+", "*", "#", "@", "%"]
    var lines = TextLines.heads(title, subtitle, width)
    for plot in plots {
      let series = plot.lines.prefix(marks.count).enumerated().map { index, line in
        TextChart.Series(name: line.name, mark: marks[index], points: line.points)
      }
      lines.append("")
      lines += TextChart(title: plot.title, series: series, horizontal: plot.horizontal)
        .lines(width: width, height: height)
    }
    return lines
  }
}

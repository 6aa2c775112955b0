import ArgumentParser
import Orchestration

/// Where things are in a file of series or of values, as far as they are elsewhere than in the file of the import.
struct SeriesColumns: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The columns of the values.", valueName: "columns"))
  var values: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The column of the times, or those of year, month, day, hour, minute, second.",
      valueName: "columns"))
  var time: [String] = []

  @Option(help: ArgumentHelp("The column that tells several series apart.", valueName: "column"))
  var series: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Columns of names.", valueName: "columns"))
  var categories: [String] = []

  @Flag(inversion: .prefixedNo, help: "Whether the first line names the columns.")
  var header: Bool?

  /// The same, for what reads the file.
  var columns: FileColumns {
    func split(_ words: [String]) -> [String] {
      words.flatMap { $0.split(separator: ",").map(String.init) }
    }
    var columns = FileColumns()
    columns.values = split(values)
    columns.time = split(time)
    columns.series = series
    columns.categories = split(categories)
    columns.header = header
    return columns
  }
}

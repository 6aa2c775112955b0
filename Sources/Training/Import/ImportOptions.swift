/// How a file is read.
public struct ImportOptions: Codable, Hashable, Sendable {
  /// The kinds of file.
  public enum Format: String, Codable, Hashable, Sendable, CaseIterable {
    /// Fields between tabulators, a row a line, no quoting.
    case tsv
    /// RFC 4180: fields between commas, quotation marks around what holds commas or line ends.
    case csv
    /// A JSON object a line.
    case jsonl
    /// The time series files of the UEA and UCR archives: `@` lines, then a case a line.
    case ts
    /// One long text.
    case text
  }

  /// The kind of file.
  public var format: Format
  /// The column that holds the text: its name in the header, or its number from 1.
  public var text: String?
  /// The column that holds the label.
  public var label: String?
  /// The columns that hold the input's values: names, numbers, ranges of numbers such as `2-8`, or
  /// `*` for all columns that are not named otherwise.
  ///
  /// With a label or a number column, each row is an example whose steps these are; without, the
  /// rows are the steps of one long series, and these its channels.
  public var values: [String]
  /// The column that holds a number to be predicted.
  public var number: String?
  /// The column that holds the split: `train`, `validation` (`dev`, `val`, `valid`) or `test`.
  public var split: String?
  /// Whether the first line names the columns; if nil, it does when a column is given by name.
  public var header: Bool?
  /// How many consecutive values of a row make a step, if a row is an example.
  public var channels: Int
  /// The columns that hold the time of a step of a series: one with dates such as `2010-01-02 03:00`,
  /// or, in this order, those of year, month, day, hour, minute and second, as many as there are.
  public var time: [String] = []
  /// The column that holds the name of the series to which a row belongs, where there are several.
  public var series: String?
  /// The columns of a series that hold names: each name becomes a channel that is 1 where it stands.
  public var categories: [String] = []
  /// What happens to values that were not measured: empty ones, `NA`, `?`, `nan` and the like.
  public var missing = Missing.refuse
  /// Whether the values, whole numbers from 0 to 255, are kept as bytes.
  public var bytes = false
  /// How many values a row has, where a file is read like another one that had so many: `*` stands for
  /// as many columns.
  public var rowValues: Int?

  /// What happens to values that were not measured.
  public enum Missing: String, Codable, Hashable, Sendable, CaseIterable {
    /// They are an error.
    case refuse
    /// They stay gaps: a plan says how these are filled.
    case keep
  }

  /// Options for a format.
  ///
  /// - Parameters:
  ///   - format: The kind of file.
  ///   - text: The column that holds the text.
  ///   - label: The column that holds the label.
  ///   - values: The columns that hold the input's values.
  ///   - number: The column that holds a number to be predicted.
  ///   - split: The column that holds the split.
  ///   - header: Whether the first line names the columns.
  ///   - channels: How many consecutive values of a row make a step.
  public init(
    format: Format, text: String? = nil, label: String? = nil, values: [String] = [],
    number: String? = nil, split: String? = nil, header: Bool? = nil, channels: Int = 1
  ) {
    self.format = format
    self.text = text
    self.label = label
    self.values = values
    self.number = number
    self.split = split
    self.header = header
    self.channels = channels
  }

  /// Whether the first line of a tsv or csv file names the columns.
  var hasHeader: Bool {
    header
      ?? ([text, label, number, split, series].compactMap { $0 } + values + time + categories)
      .contains {
        !$0.isEmpty && $0 != "*" && !$0.allSatisfy { $0.isNumber || $0 == "-" }
      }
  }
}

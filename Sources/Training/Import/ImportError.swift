/// A file that cannot become a dataset: where, what was found and what is allowed.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, for programs.
  public struct Code: Hashable, Sendable {
    private enum Base {
      case unreadable, empty, notUTF8, missingColumn, badOptions, badRow, badValue, emptyText
      case badSplit, badHeader, badArchive, badTime, tooLong
    }
    private let base: Base

    /// The file cannot be opened.
    public static let unreadable = Code(base: .unreadable)
    /// The file holds no example.
    public static let empty = Code(base: .empty)
    /// A line is not UTF-8.
    public static let notUTF8 = Code(base: .notUTF8)
    /// A column that the options name is not in the file.
    public static let missingColumn = Code(base: .missingColumn)
    /// The options do not say how to read the file.
    public static let badOptions = Code(base: .badOptions)
    /// A row has too few fields or is not what the format prescribes.
    public static let badRow = Code(base: .badRow)
    /// A field is not a finite number, or a label is empty or unknown.
    public static let badValue = Code(base: .badValue)
    /// A text holds nothing but space.
    public static let emptyText = Code(base: .emptyText)
    /// A field is not the name of a split.
    public static let badSplit = Code(base: .badSplit)
    /// The header of a file is not what the format prescribes.
    public static let badHeader = Code(base: .badHeader)
    /// A wheel or zip file, or what was to be in it, is not as expected.
    public static let badArchive = Code(base: .badArchive)
    /// A field is no time, or one that does not come after that of the row before.
    public static let badTime = Code(base: .badTime)
    /// A text or a series is longer than one of a dataset can be.
    public static let tooLong = Code(base: .tooLong)
  }

  /// What is wrong, for programs.
  public let code: Code
  /// The file's name.
  public let file: String
  /// The line, from 1.
  public let line: Int?
  /// The column or field.
  public let field: String?
  /// What the file has there.
  public let found: String
  /// What it may have there.
  public let allowed: String

  init(
    _ code: Code, file: String, line: Int? = nil, field: String? = nil, found: String,
    allowed: String
  ) {
    self.code = code
    self.file = file
    self.line = line
    self.field = field
    self.found = found
    self.allowed = allowed
  }

  /// A file that cannot be opened, and why.
  public static func unreadable(_ file: String, _ reason: String) -> ImportError {
    ImportError(
      .unreadable, file: file, found: reason.lowercased(), allowed: "the path of a readable file")
  }

  /// One line: `messages.tsv:12: column 'text': found an empty field; allowed: …`.
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let field { place += ": \(field.onOneLine)" }
    return "\(place): found \(found.onOneLine); allowed: \(allowed.onOneLine)"
  }
}

extension String {
  /// The string in quotation marks, cut where it would make a message unreadable.
  var quoted: String {
    let clean = String(unicodeScalars.prefix(41).map { $0.value < 32 ? " " : Character($0) })
    return clean.count > 40 ? "'\(clean.prefix(39))…'" : "'\(clean)'"
  }

  /// The string without what ends a line or moves a cursor, cut where it would make a message
  /// unreadable: parts of it may come from a file.
  fileprivate var onOneLine: String {
    let breaks: ClosedRange<UInt32> = 0x2028...0x2029
    let most = 300
    let scalars = unicodeScalars.prefix(most + 1).map { scalar -> Unicode.Scalar in
      let isSafe =
        scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
        && !breaks.contains(scalar.value)
      return isSafe ? scalar : " "
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars.prefix(most))
    return String(text) + (scalars.count > most ? "…" : "")
  }

  /// The number of insertions, deletions and replacements that make `other` of this, ignoring case.
  func editDistance(to other: String) -> Int {
    let (left, right) = (Array(lowercased()), Array(other.lowercased()))
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, candidate) in right.enumerated() {
        let replaced = diagonal + (character == candidate ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }

  /// `names` in their order, but first those that this string may be meant as, the most alike before
  /// the others.
  func nearest(in names: [String]) -> [String] {
    let farthest = Swift.max(2, count / 3)
    return names.map { (distance: Swift.min(editDistance(to: $0), farthest + 1), name: $0) }
      .enumerated()
      .sorted { ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset) }
      .map(\.element.name)
  }
}

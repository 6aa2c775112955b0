/// A place in a text, counted from 1.
public struct Position: Hashable, Sendable, Comparable {
  /// The line.
  public var line: Int
  /// The column, in Unicode scalars.
  public var column: Int

  /// A place in a text.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// Where a text begins.
  public static let start = Position(line: 1, column: 1)

  /// Whether a place stands before another.
  public static func < (first: Position, second: Position) -> Bool {
    (first.line, first.column) < (second.line, second.column)
  }
}

/// One thing that is wrong with a specification, on one line.
public struct SpecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, as the user named it.
  public var file: String
  /// Where it stands; nil if the user did not write that text.
  public var position: Position?
  /// The key that it is about, with the keys around it (`model.hidden`); empty for the whole file.
  public var path: String
  /// What was found and what is allowed.
  public var message: String
  /// Whether it was right before a change to something else.
  var isExcluded = false

  /// One thing that is wrong.
  public init(file: String, position: Position?, path: String, message: String) {
    self.file = file
    self.position = position
    self.path = path
    self.message = message
  }

  /// `sweep.yaml:12:5: model.hidden: found 0, allowed: an integer from 1 to 65536`.
  public var description: String {
    let place = position.map { ":\($0.line):\($0.column)" } ?? ""
    return file + place + ": " + (path.isEmpty ? "" : path + ": ") + message
  }
}

/// All that is wrong with a specification, in the order of the file; never empty.
public struct SpecErrors: Error, Hashable, Sendable, CustomStringConvertible {
  /// How many errors are told of one file.
  public static let limit = 50

  /// The errors, at most ``limit``.
  public let errors: [SpecError]

  init(_ errors: [SpecError]) {
    var seen: Set<SpecError> = []
    self.errors = Array(
      errors.filter { seen.insert($0).inserted }
        .enumerated()
        .sorted {
          ($0.element.position ?? .start, $0.offset) < ($1.element.position ?? .start, $1.offset)
        }
        .map(\.element)
        .prefix(Self.limit))
  }

  /// The same, of a text that the user did not write.
  var withoutPlaces: SpecErrors {
    SpecErrors(
      errors.map { error in
        var error = error
        error.position = nil
        return error
      })
  }

  /// A line for each error.
  public var description: String {
    errors.map(\.description).joined(separator: "\n")
  }
}

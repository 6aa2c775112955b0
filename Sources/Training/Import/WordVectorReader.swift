/// Reads vectors of words that were trained elsewhere: a line a word, its numbers behind it, between
/// spaces (GloVe). A first line with only the count and the width (word2vec) is passed over.
public struct WordVectorReader {
  /// A word and its vector.
  public struct Entry: Hashable, Sendable {
    /// The word.
    public let word: String
    /// Its numbers.
    public let values: [Float]
  }

  private let file: String
  private var reader: RecordReader
  /// The words that the first line promises.
  private var promised: Int?
  private var count = 0
  /// The numbers of each vector, known after the first.
  public private(set) var width: Int?

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - file: What messages call the file.
  ///   - read: Gives the next bytes of the file, none at its end.
  public init(file: String, read: @escaping () throws -> [UInt8]) {
    self.file = file
    reader = RecordReader(.lines, file: file, read: read)
  }

  /// The next word; nil at the end of the file.
  ///
  /// - Throws: ``ImportError`` with the line, or for a file without a word; or what reading throws.
  public mutating func next() throws -> Entry? {
    guard let record = try reader.nextRecord() else {
      guard width != nil else {
        throw ImportError(.empty, file: file, found: "no word", allowed: "at least one")
      }
      if let promised, promised != count {
        throw ImportError(
          .badRow, file: file, found: "\(count) words",
          allowed: "\(promised), as the first line says: the file may be cut off")
      }
      return nil
    }
    guard let text = String(validating: record.bytes, as: UTF8.self), !text.contains("\0") else {
      throw ImportError(
        .notUTF8, file: file, line: record.line, found: "bytes that are not UTF-8",
        allowed: "UTF-8 (iconv -t utf8 converts others: -f latin1, or -f utf16)")
    }
    let fields = text.split { $0 == " " || $0 == "\t" }
    if width == nil, promised == nil, fields.count == 2, fields.allSatisfy({ Int($0) != nil }) {
      promised = Int(fields[0])
      return try next()
    }
    let numbers = width ?? fields.count - 1
    guard (1...65_536).contains(numbers), fields.count > numbers else {
      throw ImportError(
        .badRow, file: file, line: record.line, found: "\(max(fields.count - 1, 0)) numbers",
        allowed: width.map { "a word and \($0) numbers" } ?? "a word and its numbers")
    }
    // Some words of large files hold spaces.
    let word = fields.dropLast(numbers).joined(separator: " ")
    let values = try fields.suffix(numbers).enumerated().map { place, field in
      guard let value = Float(field), value.isFinite else {
        throw ImportError(
          .badValue, file: file, line: record.line, field: "number \(place + 1)",
          found: String(field).quoted, allowed: "a finite number")
      }
      return value
    }
    width = numbers
    count += 1
    return Entry(word: word, values: values)
  }
}

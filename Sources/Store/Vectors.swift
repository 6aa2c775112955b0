public import FoundationEssentials
import Postgres

/// Vectors of words that were trained elsewhere: a row of `unroll.vectors`.
public struct StoredVectors: Sendable, Hashable {
  /// Number.
  public let id: Int
  /// The name that a sweep uses.
  public let name: String
  /// Numbers of each vector.
  public let width: Int
  /// How many words.
  public let words: Int
  /// When they were imported.
  public let createdAt: Date

  init(_ row: Row) throws {
    id = try row["id"]
    name = try row["name"]
    width = try row["width"]
    words = try row["words"]
    createdAt = try row["created_at"]
  }
}

extension Database {
  /// Stores vectors under a name that is new, all or nothing.
  ///
  /// - Parameters:
  ///   - name: Letters, digits, points, dashes and underscores.
  ///   - next: Gives the next word and its vector, all of one width; a word that comes again is passed
  ///     over.
  /// - Returns: What is stored.
  /// - Throws: `StoreError`, or what `next` throws.
  public func putVectors(
    named name: String, _ next: () throws -> (word: String, values: [Float])?
  ) throws -> StoredVectors {
    guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,99}/) != nil else {
      throw StoreError(
        .invalid,
        "name of vectors: found \"\(name.prefix(100))\", allowed: letters, digits, dots, dashes and "
          + "underscores, a letter or digit first, at most 100")
    }
    guard try vectors().allSatisfy({ $0.name != name }) else {
      throw StoreError(
        .conflict, "vectors named \"\(name)\" are here already; unroll vectors remove \(name)")
    }
    return try transaction {
      guard let first = try next() else {
        throw StoreError(.invalid, "vectors: found no word, allowed: at least one")
      }
      let id = try one(InsertVectors(name: name, width: first.values.count))
      var known: Set<String> = []
      _ = try connection.copyIn(CopyVectors.sql) { writer in
        var entry: (word: String, values: [Float])? = first
        while let found = entry {
          if known.insert(found.word).inserted {
            try writer.row([id, found.word, found.values])
          }
          entry = try next()
        }
      }
      return try one(CountVectors(id: id, words: known.count))
    }
  }

  /// All vectors, by name.
  public func vectors() throws -> [StoredVectors] { try all(ListVectors()) }

  /// The vectors of those of some words that have one, and their width.
  public func vectors(
    named name: String, of words: [String]
  ) throws -> (width: Int, vectors: [String: [Float]]) {
    let known = try vectors()
    guard let stored = known.first(where: { $0.name == name }) else {
      throw StoreError(
        .notFound,
        "no vectors \"\(name)\"; "
          + (known.isEmpty
            ? "there are none yet: unroll vectors import FILE --name NAME"
            : "there are: " + known.map(\.name).joined(separator: ", ")))
    }
    let found = try all(FindVectors(id: stored.id, words: words))
    return (stored.width, Dictionary(uniqueKeysWithValues: found))
  }

  /// Removes vectors.
  public func removeVectors(_ stored: StoredVectors) throws {
    try run(RemoveVectors(id: stored.id))
  }
}

private struct InsertVectors: Statement {
  static let sql = """
    insert into unroll_internal.vectors (name, width) values ($1, $2::int) returning id
    """
  let name: String
  let width: Int
  var parameters: [any PostgresEncodable] { [name, width] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private enum CopyVectors {
  static let sql = """
    copy unroll_internal.vector (vectors_id, word, numbers) from stdin with (format binary)
    """
}

private struct CountVectors: Statement {
  static let sql = """
    update unroll_internal.vectors set words = $2::int where id = $1 returning *
    """
  let id: Int
  let words: Int
  var parameters: [any PostgresEncodable] { [id, words] }
  static func decode(_ row: Row) throws -> StoredVectors { try StoredVectors(row) }
}

struct ListVectors: Statement {
  static let sql = "select * from unroll.vectors order by name"
  static func decode(_ row: Row) throws -> StoredVectors { try StoredVectors(row) }
}

private struct FindVectors: Statement {
  static let sql = """
    select word, numbers from unroll_internal.vector where vectors_id = $1 and word = any ($2)
    """
  let id: Int
  let words: [String]
  var parameters: [any PostgresEncodable] { [id, words] }
  static func decode(_ row: Row) throws -> (String, [Float]) {
    (try row["word"], try row["numbers"])
  }
}

private struct RemoveVectors: Statement {
  typealias Output = Void
  static let sql = "delete from unroll_internal.vectors where id = $1"
  let id: Int
  var parameters: [any PostgresEncodable] { [id] }
}

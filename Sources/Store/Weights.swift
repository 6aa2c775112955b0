public import FoundationEssentials
public import Postgres

/// Weights from elsewhere, to be stored.
public struct NewWeights: Sendable {
  /// The name that sweeps will use.
  public var name: String
  /// sha256 of the content, as 64 hex digits; the database checks it.
  public var sha256: String
  /// The file from which they come.
  public var source: String
  /// For each tensor its shape and the name that it had, as an object.
  public var tensors: JSON
  /// The bytes.
  public var content: [UInt8]

  /// Weights to store.
  public init(name: String, sha256: String, source: String, tensors: JSON, content: [UInt8]) {
    self.name = name
    self.sha256 = sha256
    self.source = source
    self.tensors = tensors
    self.content = content
  }
}

/// Weights in the database that a sweep can begin with: a row of `unroll.weights`.
public struct StoredWeights: Sendable, Hashable {
  /// Number of the weights.
  public let id: Int
  /// Name that sweeps use.
  public let name: String
  /// sha256 of the content.
  public let sha256: String
  /// Size.
  public let bytes: Int
  /// For each tensor its shape and the name that it had.
  public let tensors: JSON
  /// The file from which they come.
  public let source: String
  /// When they were stored.
  public let createdAt: Date

  init(_ row: Row) throws {
    id = try row["id"]
    name = try row["name"]
    sha256 = try row["sha256"]
    bytes = try row["bytes"]
    tensors = try row["tensors"]
    source = try row["source"]
    createdAt = try row["created_at"]
  }
}

extension Database {
  /// Stores weights, whole or not at all. The same content under the same name again is what is there
  /// already; other content under it is refused, since sweeps may rely on it.
  public func putWeights(_ weights: NewWeights) throws -> StoredWeights {
    guard weights.name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,99}/) != nil else {
      throw StoreError(
        .invalid,
        "name of weights: found \"\(weights.name.prefix(100))\", allowed: letters, digits, dots, "
          + "dashes and underscores, a letter or digit first, at most 100")
    }
    return try transaction {
      if let id = try oneOrNone(InsertWeights(weights: weights)) {
        for (number, chunk) in chunks(of: weights.content).enumerated() {
          try run(InsertWeightsChunk(weights: id, number: number, content: chunk))
        }
        try run(SealWeights(weights: id))
      }
      let stored = try one(FindWeights(name: weights.name))
      guard stored.sha256 == weights.sha256 else {
        throw StoreError(
          .conflict,
          "weights \"\(weights.name)\" are there already, with other content: take another name, or "
            + "remove them with: unroll weights remove \(weights.name)")
      }
      return stored
    }
  }

  /// All weights, by name.
  public func weights() throws -> [StoredWeights] { try all(ListWeights()) }

  /// Weights by their name.
  public func weights(named name: String) throws -> StoredWeights {
    guard let found = try oneOrNone(FindWeights(name: name)) else {
      let names = try weights().map(\.name)
      let known =
        names.isEmpty
        ? "there are none yet: unroll weights import"
        : "there are: " + names.joined(separator: ", ")
      throw StoreError(.notFound, "no weights \"\(name.prefix(100))\"; \(known)")
    }
    return found
  }

  /// The content of weights, each chunk checked against its sha256.
  public func content(of weights: StoredWeights) throws -> [UInt8] {
    try joined(
      try all(ReadWeightsChunks(weights: weights.id)), bytes: weights.bytes,
      of: "weights \(weights.name)")
  }

  /// Removes weights; refused while a sweep that is not over begins with them.
  public func removeWeights(named name: String) throws {
    let weights = try weights(named: name)
    guard try run(DeleteWeights(id: weights.id, reference: "weights/\(name)")) == 1 else {
      let users = try all(ListWeightsUsers(reference: "weights/\(name)"))
      throw StoreError(
        .inUse,
        "weights \"\(name)\" are used by sweep \(users.prefix(5).joined(separator: ", "))"
          + (users.count > 5 ? " and \(users.count - 5) more" : "") + ", which is not over")
    }
  }
}

struct ListWeights: Statement {
  static let sql = "select * from unroll.weights order by name"
  static func decode(_ row: Row) throws -> StoredWeights { try StoredWeights(row) }
}

private struct FindWeights: Statement {
  static let sql = "select * from unroll.weights where name = $1"
  let name: String
  var parameters: [any PostgresEncodable] { [name] }
  static func decode(_ row: Row) throws -> StoredWeights { try StoredWeights(row) }
}

private struct InsertWeights: Statement {
  static let sql = """
    insert into unroll_internal.weights (name, sha256, source, tensors, bytes)
    values ($1, $2, $3, $4, $5)
    on conflict (name) do nothing
    returning id
    """
  let weights: NewWeights
  var parameters: [any PostgresEncodable] {
    [weights.name, weights.sha256, weights.source, weights.tensors, weights.content.count]
  }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct InsertWeightsChunk: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.weights_chunk (weights_id, number, sha256, content)
    values ($1, $2::int, sha256($3), $3)
    """
  let weights: Int
  let number: Int
  let content: [UInt8]
  var parameters: [any PostgresEncodable] { [weights, number, content] }
}

private struct SealWeights: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.seal_weights($1)"
  let weights: Int
  var parameters: [any PostgresEncodable] { [weights] }
}

private struct ReadWeightsChunks: Statement {
  static let sql = """
    select number, content, sha256(content) = sha256 as intact
    from unroll_internal.weights_chunk where weights_id = $1 order by number
    """
  let weights: Int
  var parameters: [any PostgresEncodable] { [weights] }
  static func decode(_ row: Row) throws -> StoredChunk {
    StoredChunk(
      number: try row["number"], content: try row["content"], isIntact: try row["intact"])
  }
}

private struct ListWeightsUsers: Statement {
  static let sql = """
    select id || coalesce(' (' || name || ')', '') from unroll_internal.sweep
    where spec #>> '{model,initial}' = $1 and finished_at is null order by id
    """
  let reference: String
  var parameters: [any PostgresEncodable] { [reference] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct DeleteWeights: Statement {
  typealias Output = Void
  static let sql = """
    delete from unroll_internal.weights w
    where w.id = $1 and not exists (
      select from unroll_internal.sweep s
      where s.spec #>> '{model,initial}' = $2 and s.finished_at is null)
    """
  let id: Int
  let reference: String
  var parameters: [any PostgresEncodable] { [id, reference] }
}

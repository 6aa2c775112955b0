public import FoundationEssentials
public import Postgres

/// What describes a dataset that is to be stored.
public struct NewDataset: Sendable {
  /// The bytes of each piece of the content but the last.
  public static let pieceBytes = chunkBytes

  /// The name that sweeps will use.
  public var name: String
  /// sha256 of the content, as 64 hex digits; the database checks it.
  public var version: String
  /// What an example is, for instance `text`.
  public var kind: String
  /// How the content is to be read.
  public var header: JSON
  /// Facts for people.
  public var summary: JSON
  /// Number of examples over all splits.
  public var examples: Int

  /// A description of a dataset.
  public init(
    name: String, version: String, kind: String, header: JSON, summary: JSON, examples: Int
  ) {
    self.name = name
    self.version = version
    self.kind = kind
    self.header = header
    self.summary = summary
    self.examples = examples
  }
}

/// A dataset in the database.
public struct StoredDataset: Sendable, Hashable {
  /// Number of this version.
  public let id: Int
  /// Name that sweeps use.
  public let name: String
  /// sha256 of the content, as 64 hex digits.
  public let version: String
  /// What an example is, for instance `text`.
  public let kind: String
  /// How the content is to be read.
  public let header: JSON
  /// Facts for people.
  public let summary: JSON
  /// Number of examples over all splits.
  public let examples: Int
  /// Size of the content.
  public let bytes: Int
  /// When it was stored.
  public let createdAt: Date

  init(_ row: Row) throws {
    id = try row["id"]
    name = try row["name"]
    version = try row["version"]
    kind = try row["kind"]
    header = try row["header"]
    summary = try row["summary"]
    examples = try row["examples"]
    bytes = try row["bytes"]
    createdAt = try row["created_at"]
  }
}

extension Database {
  /// Stores a dataset, whole or not at all. The same content under the same name again is the
  /// dataset that is there already.
  public func putDataset(_ dataset: NewDataset, content: [UInt8]) throws -> StoredDataset {
    try putDataset(dataset, bytes: content.count) { take in try chunks(of: content).forEach(take) }
  }

  /// Stores a dataset whose content comes piece by piece, whole or not at all.
  ///
  /// - Parameters:
  ///   - dataset: What is known of it.
  ///   - bytes: The size of its content.
  ///   - content: Gives the pieces in order, each of ``NewDataset/pieceBytes`` but the last; not called if
  ///     the dataset is there already.
  /// - Returns: What is stored.
  /// - Throws: `StoreError`, or what `content` throws.
  public func putDataset(
    _ dataset: NewDataset, bytes: Int,
    content: (_ take: @escaping ([UInt8]) throws -> Void) throws -> Void
  ) throws -> StoredDataset {
    guard dataset.name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,99}/) != nil else {
      throw StoreError(
        .invalid,
        "name of a dataset: found \"\(dataset.name.prefix(100))\", allowed: letters, digits, "
          + "dots, dashes and underscores, a letter or digit first, at most 100")
    }
    return try transaction {
      if let id = try oneOrNone(InsertDataset(dataset: dataset, bytes: bytes)) {
        var number = 0
        try content { piece in
          try run(InsertDatasetChunk(dataset: id, number: number, content: piece))
          number += 1
        }
        try run(SealDataset(dataset: id))
      }
      return try one(FindDataset(name: dataset.name, version: dataset.version))
    }
  }

  /// All datasets, by name, newest version first.
  public func datasets() throws -> [StoredDataset] {
    try all(ListDatasets())
  }

  /// The newest dataset of a name, or the one whose version starts as given.
  public func dataset(named name: String, version: String = "") throws -> StoredDataset {
    let found = try all(FindDatasets(name: name, version: version))
    guard let newest = found.first else {
      let names = Set(try datasets().map(\.name)).sorted()
      let known =
        names.isEmpty ? "there are none yet" : "there are: " + names.joined(separator: ", ")
      let wanted = version.isEmpty ? name : "\(name)@\(version)"
      throw StoreError(.notFound, "no dataset \"\(wanted)\"; \(known)")
    }
    guard version.isEmpty || found.count == 1 else {
      throw StoreError(
        .invalid, "\(found.count) versions of \"\(name)\" start with \"\(version)\"; say more")
    }
    return newest
  }

  /// A dataset by its number.
  public func dataset(id: Int) throws -> StoredDataset {
    guard let found = try oneOrNone(ReadDataset(id: id)) else {
      throw StoreError(.notFound, "no dataset has number \(id)")
    }
    return found
  }

  /// The content of a dataset, each chunk checked against its sha256.
  public func datasetContent(id: Int) throws -> [UInt8] {
    var content: [UInt8] = []
    try datasetContent(id: id) { content += $0 }
    return content
  }

  /// Gives the content of a dataset piece by piece, so that only one is in memory at a time.
  ///
  /// - Parameters:
  ///   - id: The dataset.
  ///   - take: Takes the next piece, which was checked against its sha256.
  /// - Throws: `StoreError` if a piece is damaged or missing, or what `take` throws.
  public func datasetContent(id: Int, _ take: ([UInt8]) throws -> Void) throws {
    let dataset = try dataset(id: id)
    var (number, bytes) = (0, 0)
    while bytes < dataset.bytes {
      let chunks = try all(ReadDatasetChunk(dataset: id, number: number))
      guard let chunk = chunks.first, chunk.isIntact else {
        throw StoreError(
          .corrupt,
          "dataset \(dataset.name)@\(dataset.version.prefix(12)): chunk \(number) "
            + (chunks.isEmpty
              ? "is missing: \(bytes) of \(dataset.bytes) bytes are there"
              : "does not match its sha256"))
      }
      try take(chunk.content)
      number += 1
      bytes += chunk.content.count
    }
  }

  /// Removes one version of a dataset; refused while a sweep refers to it.
  public func removeDataset(id: Int) throws {
    let dataset = try dataset(id: id)
    let users = try all(ListDatasetUsers(dataset: id))
    do {
      guard users.isEmpty else { throw inUse(dataset, by: users) }
      try run(DeleteDataset(dataset: id))
    } catch let error as StoreError where error.sqlState == "23503" {
      // A sweep was enqueued in between.
      throw inUse(dataset, by: try all(ListDatasetUsers(dataset: id)))
    }
  }

  private func inUse(_ dataset: StoredDataset, by sweeps: [String]) -> StoreError {
    let shown = sweeps.prefix(5).joined(separator: ", ")
    let more = sweeps.count > 5 ? " and \(sweeps.count - 5) more" : ""
    let noun = sweeps.count == 1 ? "sweep" : "sweeps"
    return StoreError(
      .inUse, "dataset \"\(dataset.name)\" is used by \(noun) \(shown)\(more)")
  }
}

private struct InsertDataset: Statement {
  static let sql = """
    insert into unroll_internal.dataset (name, version, kind, header, summary, examples, bytes)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (name, version) do nothing
    returning id
    """
  let dataset: NewDataset
  let bytes: Int
  var parameters: [any PostgresEncodable] {
    [
      dataset.name, dataset.version, dataset.kind, dataset.header, dataset.summary,
      dataset.examples, bytes,
    ]
  }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct InsertDatasetChunk: Statement {
  typealias Output = Void
  static let sql = """
    insert into unroll_internal.dataset_chunk (dataset_id, number, sha256, content)
    values ($1, $2::int, sha256($3), $3)
    """
  let dataset: Int
  let number: Int
  let content: [UInt8]
  var parameters: [any PostgresEncodable] { [dataset, number, content] }
}

private struct SealDataset: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.seal_dataset($1)"
  let dataset: Int
  var parameters: [any PostgresEncodable] { [dataset] }
}

private struct FindDataset: Statement {
  static let sql = "select * from unroll.datasets where name = $1 and version = $2"
  let name: String
  let version: String
  var parameters: [any PostgresEncodable] { [name, version] }
  static func decode(_ row: Row) throws -> StoredDataset { try StoredDataset(row) }
}

struct ListDatasets: Statement {
  static let sql = "select * from unroll.datasets order by name, created_at desc, id desc"
  static func decode(_ row: Row) throws -> StoredDataset { try StoredDataset(row) }
}

private struct FindDatasets: Statement {
  static let sql = """
    select * from unroll.datasets where name = $1 and starts_with(version, $2)
    order by created_at desc, id desc
    """
  let name: String
  let version: String
  var parameters: [any PostgresEncodable] { [name, version] }
  static func decode(_ row: Row) throws -> StoredDataset { try StoredDataset(row) }
}

struct ReadDataset: Statement {
  static let sql = "select * from unroll.datasets where id = $1"
  let id: Int
  var parameters: [any PostgresEncodable] { [id] }
  static func decode(_ row: Row) throws -> StoredDataset { try StoredDataset(row) }
}

private struct ReadDatasetChunk: Statement {
  static let sql = """
    select number, content, sha256(content) = sha256 as intact
    from unroll_internal.dataset_chunk where dataset_id = $1 and number = $2::int
    """
  let dataset: Int
  let number: Int
  var parameters: [any PostgresEncodable] { [dataset, number] }
  static func decode(_ row: Row) throws -> StoredChunk {
    StoredChunk(
      number: try row["number"], content: try row["content"], isIntact: try row["intact"])
  }
}

private struct ListDatasetUsers: Statement {
  static let sql = """
    select id || ' (' || name || ')' from unroll_internal.sweep
    where dataset_id = $1 order by id
    """
  let dataset: Int
  var parameters: [any PostgresEncodable] { [dataset] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct DeleteDataset: Statement {
  typealias Output = Void
  static let sql = "delete from unroll_internal.dataset where id = $1"
  let dataset: Int
  var parameters: [any PostgresEncodable] { [dataset] }
}

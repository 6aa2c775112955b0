public import FoundationEssentials
import Postgres

/// Immutable bytes that a trial produced, to be stored.
public struct NewArtifact: Sendable {
  /// A file name, unique within the trial.
  public var name: String
  /// What it holds, for instance `application/json`.
  public var mediaType: String
  /// sha256 of the content, as 64 hex digits; the database checks it.
  public var sha256: String
  /// The bytes.
  public var content: [UInt8]

  /// An artifact to store.
  public init(name: String, mediaType: String, sha256: String, content: [UInt8]) {
    self.name = name
    self.mediaType = mediaType
    self.sha256 = sha256
    self.content = content
  }
}

/// An artifact in the database.
public struct StoredArtifact: Sendable, Hashable {
  /// Number of the artifact.
  public let id: Int
  /// Number of its sweep.
  public let sweepID: Int
  /// Number of its trial.
  public let trialID: Int
  /// Number of the trial within its sweep.
  public let number: Int
  /// File name.
  public let name: String
  /// What it holds.
  public let mediaType: String
  /// sha256 of the content.
  public let sha256: String
  /// Size.
  public let bytes: Int
  /// When it was stored.
  public let createdAt: Date

  init(_ row: Row) throws {
    id = try row["id"]
    sweepID = try row["sweep_id"]
    trialID = try row["trial_id"]
    number = try row["number"]
    name = try row["name"]
    mediaType = try row["media_type"]
    sha256 = try row["sha256"]
    bytes = try row["bytes"]
    createdAt = try row["created_at"]
  }
}

extension Database {
  /// The artifacts of a trial, by name.
  public func artifacts(trial: Int) throws -> [StoredArtifact] {
    try all(ListTrialArtifacts(trial: trial))
  }

  /// The artifacts of a sweep, by number of the trial and name.
  public func artifacts(sweep: Int) throws -> [StoredArtifact] {
    try all(ListSweepArtifacts(sweep: sweep))
  }

  /// An artifact of a trial by its name.
  public func artifact(trial: Int, name: String) throws -> StoredArtifact {
    let known = try artifacts(trial: trial)
    guard let found = known.first(where: { $0.name == name }) else {
      let names = known.map(\.name)
      throw StoreError(
        .notFound,
        "trial \(trial) has no artifact \"\(name)\"; it has "
          + (names.isEmpty ? "none" : names.joined(separator: ", ")))
    }
    return found
  }

  /// The content of an artifact, each chunk checked against its sha256.
  public func content(of artifact: StoredArtifact) throws -> [UInt8] {
    try joined(
      try all(ReadArtifactChunks(artifact: artifact.id)), bytes: artifact.bytes,
      of: "artifact \(artifact.name) of trial \(artifact.trialID)")
  }

  func statements(for artifact: NewArtifact, under lease: Lease) -> [any Statement] {
    var statements: [any Statement] = [BeginArtifact(lease: lease, artifact: artifact)]
    for (number, chunk) in chunks(of: artifact.content).enumerated() {
      statements.append(
        WriteArtifactChunk(
          trial: lease.trial, name: artifact.name, number: number, content: chunk))
    }
    statements.append(SealArtifact(trial: lease.trial, name: artifact.name))
    return statements
  }
}

struct ListTrialArtifacts: Statement {
  static let sql = "select * from unroll.artifacts where trial_id = $1 order by name"
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> StoredArtifact { try StoredArtifact(row) }
}

struct ListSweepArtifacts: Statement {
  static let sql = "select * from unroll.artifacts where sweep_id = $1 order by number, name"
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> StoredArtifact { try StoredArtifact(row) }
}

private struct ReadArtifactChunks: Statement {
  static let sql = """
    select number, content, sha256(content) = sha256 as intact
    from unroll_internal.artifact_chunk where artifact_id = $1 order by number
    """
  let artifact: Int
  var parameters: [any PostgresEncodable] { [artifact] }
  static func decode(_ row: Row) throws -> StoredChunk {
    StoredChunk(
      number: try row["number"], content: try row["content"], isIntact: try row["intact"])
  }
}

private struct BeginArtifact: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.begin_artifact($1, $2::int, $3, $4, $5, $6)"
  let lease: Lease
  let artifact: NewArtifact
  var parameters: [any PostgresEncodable] {
    [
      lease.trial, lease.token, artifact.name, artifact.mediaType, artifact.sha256,
      artifact.content.count,
    ]
  }
}

private struct WriteArtifactChunk: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.write_artifact_chunk($1, $2, $3::int, $4)"
  let trial: Int
  let name: String
  let number: Int
  let content: [UInt8]
  var parameters: [any PostgresEncodable] { [trial, name, number, content] }
}

private struct SealArtifact: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.seal_artifact($1, $2)"
  let trial: Int
  let name: String
  var parameters: [any PostgresEncodable] { [trial, name] }
}

import Postgres

/// Where in its training a trial was.
public struct CheckpointPosition: Sendable, Hashable {
  /// Whole epochs done.
  public let epoch: Int
  /// Optimizer steps done.
  public let step: Int

  /// A position.
  public init(epoch: Int, step: Int) {
    self.epoch = epoch
    self.step = step
  }
}

/// A point from which a trial can go on, to be stored.
public struct NewCheckpoint: Sendable {
  /// Where it is.
  public var position: CheckpointPosition
  /// sha256 of the content, as 64 hex digits; the database checks it.
  public var sha256: String
  /// All that is needed to go on.
  public var content: [UInt8]

  /// A checkpoint to store.
  public init(position: CheckpointPosition, sha256: String, content: [UInt8]) {
    self.position = position
    self.sha256 = sha256
    self.content = content
  }
}

extension Database {
  /// The whole checkpoints of a trial, newest first; the newest two are kept.
  public func checkpoints(trial: Int) throws -> [CheckpointPosition] {
    try all(ListCheckpoints(trial: trial))
  }

  /// The content of a checkpoint, each chunk checked against its sha256.
  public func checkpointContent(trial: Int, at position: CheckpointPosition) throws -> [UInt8] {
    guard let bytes = try oneOrNone(ReadCheckpoint(trial: trial, step: position.step)) else {
      throw StoreError(
        .notFound, "trial \(trial) has no checkpoint at step \(position.step)")
    }
    return try joined(
      try all(ReadCheckpointChunks(trial: trial, step: position.step)), bytes: bytes,
      of: "checkpoint of trial \(trial) at step \(position.step)")
  }

  func statements(for checkpoint: NewCheckpoint, under lease: Lease) -> [any Statement] {
    let step = checkpoint.position.step
    var statements: [any Statement] = [BeginCheckpoint(lease: lease, checkpoint: checkpoint)]
    for (number, chunk) in chunks(of: checkpoint.content).enumerated() {
      statements.append(
        WriteCheckpointChunk(trial: lease.trial, step: step, number: number, content: chunk))
    }
    statements.append(SealCheckpoint(trial: lease.trial, step: step))
    return statements
  }
}

private struct ListCheckpoints: Statement {
  static let sql = """
    select epoch, step from unroll_internal.checkpoint
    where trial_id = $1 and complete order by step desc
    """
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> CheckpointPosition {
    CheckpointPosition(epoch: try row[0], step: try row[1])
  }
}

private struct ReadCheckpoint: Statement {
  static let sql = """
    select bytes from unroll_internal.checkpoint where trial_id = $1 and step = $2 and complete
    """
  let trial: Int
  let step: Int
  var parameters: [any PostgresEncodable] { [trial, step] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

private struct ReadCheckpointChunks: Statement {
  static let sql = """
    select number, content, sha256(content) = sha256 as intact
    from unroll_internal.checkpoint_chunk where trial_id = $1 and step = $2 order by number
    """
  let trial: Int
  let step: Int
  var parameters: [any PostgresEncodable] { [trial, step] }
  static func decode(_ row: Row) throws -> StoredChunk {
    StoredChunk(
      number: try row["number"], content: try row["content"], isIntact: try row["intact"])
  }
}

private struct BeginCheckpoint: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.begin_checkpoint($1, $2::int, $3, $4::int, $5, $6)"
  let lease: Lease
  let checkpoint: NewCheckpoint
  var parameters: [any PostgresEncodable] {
    [
      lease.trial, lease.token, checkpoint.position.step, checkpoint.position.epoch,
      checkpoint.sha256, checkpoint.content.count,
    ]
  }
}

private struct WriteCheckpointChunk: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.write_checkpoint_chunk($1, $2, $3::int, $4)"
  let trial: Int
  let step: Int
  let number: Int
  let content: [UInt8]
  var parameters: [any PostgresEncodable] { [trial, step, number, content] }
}

private struct SealCheckpoint: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.seal_checkpoint($1, $2)"
  let trial: Int
  let step: Int
  var parameters: [any PostgresEncodable] { [trial, step] }
}

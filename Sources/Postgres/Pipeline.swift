import CPostgres

extension Connection {
  /// Runs several statements in one round trip and, outside of a transaction, as one transaction:
  /// all of them happen or none.
  ///
  /// The first failure stops the batch and is thrown; the connection can be used afterwards.
  /// COPY and statements that control transactions have no place in a batch.
  @discardableResult
  public func pipeline(_ batch: [Query], timeout: Duration? = nil) throws -> [Rows] {
    try confined {
      guard !batch.isEmpty else { return [] }
      count(statements: batch.count)
      let deadline = deadline(timeout)
      let blocks = try batch.map { try ParameterBlock($0) }
      do {
        return try pipelineOnce(batch, blocks, deadline)
      } catch let error as PostgresError where canRetryUnprepared(error) {
        return try pipelineOnce(batch, blocks, deadline)
      }
    }
  }

  private func pipelineOnce(
    _ batch: [Query], _ blocks: [ParameterBlock], _ deadline: Deadline
  ) throws -> [Rows] {
    let handle = try open()
    guard PQenterPipelineMode(handle) == 1 else { throw loss(nil) }
    var run = PipelineRun(handle: handle, batch: batch, blocks: blocks)
    try run.converse(over: self, until: deadline)
    guard PQexitPipelineMode(handle) == 1 else { throw loss(nil) }
    if let failure = run.failure { throw failure }
    return run.answers
  }
}

/// One batch under way: what has been sent, and what the answers so far belong to.
private struct PipelineRun {
  /// What the server will answer, in order.
  enum Step {
    case prepare(PreparedStatements.Key, name: String)
    case statement(Int, PreparedStatements.Key)
    case end
  }

  let handle: OpaquePointer
  let batch: [Query]
  let blocks: [ParameterBlock]
  var answers: [Rows] = []
  var failure: PostgresError?

  private var unsent = 0
  /// Bytes, more or less, that were handed to libpq since its buffer was last empty.
  private var unflushed = 0
  private var steps: [Step] = []
  private var answered = 0
  private var hasSentEnd = false
  private var hasEnded = false
  /// How often libpq had nothing to say where the end of the batch should come.
  private var silences = 0

  init(handle: OpaquePointer, batch: [Query], blocks: [ParameterBlock]) {
    self.handle = handle
    self.batch = batch
    self.blocks = blocks
  }

  /// Sends and receives in turn until the server has answered the whole batch.
  ///
  /// It reads whenever there is something to read, also while it is still writing: else both sides
  /// could wait for ever, each with a full buffer.
  mutating func converse(over connection: Connection, until deadline: Deadline) throws {
    while !hasEnded {
      // Small statements leave together; a large one leaves before the next is handed over, so
      // that libpq's buffer never holds the whole batch.
      if !hasSentEnd, unflushed < 1 << 16 {
        try sendNext(connection)
        continue
      }
      let backlog = PQflush(handle)
      guard backlog >= 0 else { throw lost(connection) }
      try takeAnswers(connection)
      if hasEnded { break }
      if backlog == 0 {
        unflushed = 0
        if !hasSentEnd { continue }
      }
      let wanted: Readiness = backlog == 1 ? [.read, .write] : .read
      let ready = try wanted.wait(on: PQsocket(handle), until: deadline)
      if ready.isEmpty { throw failure ?? connection.expiry(currentSQL) }
      if ready.contains(.read), PQconsumeInput(handle) == 0 {
        try takeAnswers(connection)
        if !hasEnded { throw lost(connection) }
      }
    }
  }

  private mutating func sendNext(_ connection: Connection) throws {
    guard unsent < batch.count, failure == nil else {
      guard PQpipelineSync(handle) == 1 else { throw connection.loss(currentSQL) }
      steps.append(.end)
      hasSentEnd = true
      return
    }
    let sql = batch[unsent].sql
    let block = blocks[unsent]
    let key = PreparedStatements.Key(sql: sql, types: block.types)
    switch connection.prepared.plan(for: key) {
    case .direct:
      guard block.send(sql, .binary, on: handle) else { throw connection.loss(sql) }
    case .prepare(let name):
      guard block.sendPrepare(sql, name: name, on: handle) else { throw connection.loss(sql) }
      steps.append(.prepare(key, name: name))
      guard block.send(prepared: name, .binary, on: handle) else { throw connection.loss(sql) }
      connection.prepared.isReady(key, as: name)
    case .prepared(let name):
      guard block.send(prepared: name, .binary, on: handle) else { throw connection.loss(sql) }
    }
    steps.append(.statement(unsent, key))
    unflushed += block.size + sql.utf8.count
    unsent += 1
  }

  /// Takes all answers that are there.
  private mutating func takeAnswers(_ connection: Connection) throws {
    while answered < steps.count, !hasEnded, PQisBusy(handle) == 0 {
      guard let pointer = PQgetResult(handle) else {
        // NULL ends the answer to one statement. The end has an answer of its own, but an error
        // that only the commit finds, such as a deferred constraint's, comes before it.
        if case .end = steps[answered] { silences += 1 } else { answered += 1 }
        // Old versions of libpq lose the end after such an error.
        if silences > 2 { throw lost(connection) }
        continue
      }
      let result = ResultBox(pointer)
      switch (result.status, steps[answered]) {
      case (PGRES_PIPELINE_SYNC, .end):
        hasEnded = true
      case (PGRES_TUPLES_OK, .statement), (PGRES_COMMAND_OK, .statement),
        (PGRES_EMPTY_QUERY, .statement):
        answers.append(Rows(box: result))
      case (PGRES_COMMAND_OK, .prepare):
        break
      case (PGRES_PIPELINE_ABORTED, let step):
        forget(step, connection)
      case (PGRES_FATAL_ERROR, let step):
        let error = PostgresError(result: pointer)
        if failure == nil { failure = currentSQL.map { error.about($0) } ?? error }
        if case .prepare = step { forget(step, connection) }
        if error.isStalePlan, case .statement(_, let key) = step { connection.prepared.forget(key) }
        if PQstatus(handle) != CONNECTION_OK { throw lost(connection) }
      default:
        let sql = currentSQL
        connection.abandon()
        var error = PostgresError(.unexpected, "a batch holds a statement that it cannot hold")
        error.sql = sql
        throw error
      }
    }
  }

  /// A statement that was to be prepared in a batch that failed before it is not there.
  private func forget(_ step: Step, _ connection: Connection) {
    if case .prepare(let key, _) = step { connection.prepared.forget(key) }
  }

  /// The server's last words, if it had any, else libpq's.
  private func lost(_ connection: Connection) -> PostgresError {
    let loss = connection.loss(currentSQL)
    return failure ?? loss
  }

  private var currentSQL: String? {
    guard answered < steps.count, case .statement(let index, _) = steps[answered] else {
      return unsent < batch.count ? batch[unsent].sql : nil
    }
    return batch[index].sql
  }
}

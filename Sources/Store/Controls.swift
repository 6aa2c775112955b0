public import Postgres

// What a person may do to sweeps and trials; the public functions of the schema, one each.
extension Database {
  /// Cancels a sweep and returns its state; one that is over stays as it is.
  @discardableResult
  public func cancel(sweep: Int) throws -> String { try one(CancelSweep(sweep: sweep)) }

  /// Cancels a trial and returns its state: `cancelling` while a worker must still be told.
  @discardableResult
  public func cancel(trial: Int) throws -> String { try one(CancelTrial(trial: trial)) }

  /// No further trial of the sweep starts; false when there was nothing to do.
  @discardableResult
  public func pause(sweep: Int) throws -> Bool { try one(PauseSweep(sweep: sweep)) }

  /// Trials of a paused sweep start again; false when it was not paused.
  @discardableResult
  public func resume(sweep: Int) throws -> Bool { try one(ResumeSweep(sweep: sweep)) }

  /// Whether a sweep has a trial with these values, whatever its others are.
  public func hasTrial(sweep: Int, with values: JSON) throws -> Bool {
    try one(HasTrial(sweep: sweep, values: values))
  }

  /// What a sweep asks for, with all changes.
  public func spec(sweep: Int) throws -> JSON { try one(ReadSpec(sweep: sweep)) }

  /// Changes a sweep that is under way: its priority, weight, limits, budget, one of its parameters, or
  /// the points to try.
  public func set(sweep: Int, key: String, value: JSON) throws {
    try run(SetSweep(sweep: sweep, key: key, value: value))
  }

  /// Makes several such changes, or none of them.
  public func set(sweep: Int, _ changes: [(key: String, value: JSON)]) throws {
    try transaction {
      for change in changes { try set(sweep: sweep, key: change.key, value: change.value) }
    }
  }

  /// Takes a change back with which the search of an active sweep cannot be made: the newest one of what
  /// the error is about, or else of anything.
  ///
  /// - Returns: False when there is no such change. True also when the sweep is another one by now: it
  ///   is to be looked at again.
  public func takeBack(
    sweep: Int, revision: Int, reason: String, path: String? = nil, by leadership: Leadership
  ) throws -> Bool {
    try one(
      TakeBack(
        leadership: leadership, sweep: sweep, revision: revision, reason: reason, path: path))
  }

  /// Writes down why nothing can be decided for a sweep, for those who do not read the scheduler's log.
  public func tell(sweep: Int, stuck reason: String, by leadership: Leadership) throws {
    _ = try batch([
      CheckLeadership(leadership: leadership), TellStuck(sweep: sweep, reason: reason),
    ])
  }

  /// Queues a trial again that failed or was cancelled.
  public func retry(trial: Int) throws { _ = try one(RetryTrial(trial: trial)) }

  /// Queues all failed trials of a sweep again and returns how many.
  @discardableResult
  public func retryFailed(sweep: Int) throws -> Int { try one(RetryFailed(sweep: sweep)) }
}

private struct CancelSweep: Statement {
  static let sql = "select unroll.cancel($1)"
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct CancelTrial: Statement {
  static let sql = "select unroll.cancel_trial($1)"
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct PauseSweep: Statement {
  static let sql = "select unroll.pause($1)"
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct ResumeSweep: Statement {
  static let sql = "select unroll.resume($1)"
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct ReadSpec: Statement {
  static let sql = "select spec from unroll.sweeps where id = $1"
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> JSON { try row[0] }
}

private struct TellStuck: Statement {
  typealias Output = Void
  static let sql = "select unroll_internal.tell($1, null, 'stuck', $2)"
  let sweep: Int
  let reason: String
  var parameters: [any PostgresEncodable] { [sweep, reason] }
}

private struct HasTrial: Statement {
  static let sql = """
    select exists (select from unroll_internal.trial where sweep_id = $1 and params @> $2)
    """
  let sweep: Int
  let values: JSON
  var parameters: [any PostgresEncodable] { [sweep, values] }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct TakeBack: Statement {
  static let sql = "select unroll_internal.take_back($1, $2, $3, $4::int, $5, $6)"
  let leadership: Leadership
  let sweep: Int
  let revision: Int
  let reason: String
  let path: String?
  var parameters: [any PostgresEncodable] {
    [leadership.holder, leadership.term, sweep, revision, reason, path]
  }
  static func decode(_ row: Row) throws -> Bool { try row[0] }
}

private struct SetSweep: Statement {
  typealias Output = Void
  static let sql = "select unroll.set($1, $2, $3)"
  let sweep: Int
  let key: String
  let value: JSON
  var parameters: [any PostgresEncodable] { [sweep, key, value] }
}

private struct RetryTrial: Statement {
  static let sql = "select unroll.retry($1)"
  let trial: Int
  var parameters: [any PostgresEncodable] { [trial] }
  static func decode(_ row: Row) throws -> String { try row[0] }
}

private struct RetryFailed: Statement {
  static let sql = "select unroll.retry_failed($1)"
  let sweep: Int
  var parameters: [any PostgresEncodable] { [sweep] }
  static func decode(_ row: Row) throws -> Int { try row[0] }
}

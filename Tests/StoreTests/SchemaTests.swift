import Postgres
import Store
import TestSupport
import Testing

@Suite struct SchemaTests {
  /// Rows that must never be, each one step away from a good one.
  static let impossible = [
    "update unroll_internal.status set state = 'leased'",
    "update unroll_internal.status set state = 'succeeded'",
    "update unroll_internal.status set finished_at = now()",
    "update unroll_internal.status set worker_id = gen_random_uuid()",
    "update unroll_internal.status set state = 'failed', finished_at = now()",
    "update unroll_internal.status set deadline_at = now()",
    "update unroll_internal.status set cancel_requested_at = now()",
    "update unroll_internal.status set token = -1",
    "update unroll_internal.sweep set trials_created = 3",
    "update unroll_internal.sweep set state = 'refused', finished_at = now()",
    "update unroll_internal.sweep set state = 'finished'",
    "update unroll_internal.sweep set error = 'why'",
    "update unroll_internal.sweep set objective_goal = null",
    "update unroll_internal.sweep set spec = '[]'",
    "update unroll_internal.sweep set priority = -1",
    "update unroll_internal.sweep set metrics_deleted_to = -1",
    "update unroll_internal.trial set params = '1'",
    "update unroll_internal.trial set number = 0 where number = 1",
    "update unroll_internal.dataset set version = 'newest'",
    "update unroll_internal.dataset set name = '../words'",
    "update unroll_internal.dataset set examples = 0",
    "update unroll_internal.dataset_chunk set content = ''",
    "update unroll_internal.dataset_chunk set content = decode(repeat('00', 1048577), 'hex')",
    "update unroll_internal.worker set state = 'dead'",
    "update unroll_internal.worker set slots = 0",
    "update unroll_internal.attempt set ended_at = now()",
    "update unroll_internal.attempt set outcome = 'lost'",
    "update unroll_internal.attempt set resumed_epoch = 1",
    """
    insert into unroll_internal.attempt (trial_id, token, worker_id)
    select trial_id, token + 1, worker_id from unroll_internal.attempt
    """,
    """
    insert into unroll_internal.result values
      ((select min(id) from unroll_internal.trial), 77, 0.5, 1, 1, 1)
    """,
    """
    insert into unroll_internal.result
    select trial_id, token, 0.5, 2, 1, 1 from unroll_internal.attempt
    """,
    "insert into unroll_internal.metric_name (name) values ('Not a name')",
    "insert into unroll_internal.metric values (1, -1, 1, 'train', 1, 0)",
    "update unroll_internal.leader set term = 0",
    "update unroll_internal.sweep set keep_predictions = -1",
    """
    insert into unroll_internal.prediction (trial_id, split, examples)
    select min(id), 'test', '{1}' from unroll_internal.trial
    """,
    "insert into unroll_internal.model values ('7')",
    "insert into unroll_internal.model_version (name, version) values ('nobody', 1)",
  ]

  @Test(.scratchDatabase) func `the tables refuse rows that cannot be`() throws {
    let fixture = try Fixture()
    _ = try fixture.sweep(trials: 2)
    _ = try fixture.claim(try fixture.worker())
    // The second trial waits; the statements about status are about that one.
    try fixture.connection.execute(
      "create view waiting as select * from unroll_internal.status where state = 'queued'")
    for text in Self.impossible {
      let sql = text.replacing("update unroll_internal.status", with: "update waiting")
      do {
        try fixture.connection.execute(sql)
        Issue.record("the tables took: \(sql)")
      } catch let error as PostgresError {
        // check_violation, unique_violation, foreign_key_violation
        #expect(["23514", "23505", "23503"].contains(error.sqlState ?? ""), "\(sql): \(error)")
      }
    }
  }

  @Test(.scratchDatabase) func `no number or letter stands for a state`() throws {
    let fixture = try Fixture()
    let columns = try fixture.connection.query(
      """
      select table_name || '.' || column_name || ' ' || data_type as name
      from information_schema.columns
      where table_schema = 'unroll' and column_name in ('state', 'outcome', 'split', 'kind', 'goal')
      order by 1
      """
    ).map { try $0["name", as: String.self] }
    #expect(columns.count > 8)
    #expect(columns.allSatisfy { $0.hasSuffix(" text") })
  }
}

import Postgres
import TestSupport
import Testing

@Suite(.scratchSchema) struct ErrorTests {
  let connection: Connection

  init() throws { connection = try Connection(Scratch.database) }

  @Test(arguments: [
    ("select 1/0", "22012"), ("select * from nowhere", "42P01"), ("selec", "42601"),
    ("select 'x'::int", "22P02"), ("select pg_terminate_backend(1, 2, 3)", "42883"),
  ])
  func `the SQLSTATE arrives and the connection goes on`(sql: String, state: String) throws {
    let error = #expect(throws: PostgresError.self) { try connection.query(sql) }
    #expect(error?.sqlState == state)
    #expect(error?.code == .server)
    #expect(error?.sql == sql)
    #expect(error?.isRetryable == false)
    #expect(!connection.isBroken)
    #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
  }

  @Test func `a SQLSTATE of one's own is caught by name`() throws {
    try connection.execute(
      """
      create function lost() returns void language plpgsql as $$
      begin raise exception 'lease lost' using errcode = 'QF001', hint = 'stop'; end $$
      """)
    do {
      try connection.query("select lost()")
      Issue.record("no error")
    } catch let error as PostgresError where error.sqlState == "QF001" {
      #expect(error.description == "lease lost (SQLSTATE QF001); stop")
      #expect(error.context?.contains("lost()") == true)
    }
  }

  @Test func `a violated constraint is told with its names, and without values in the line`() throws
  {
    try connection.execute("create table thing (name text constraint thing_once unique)")
    try connection.query("insert into thing values ($1)", ["hush-hush"])
    let error = #expect(throws: PostgresError.self) {
      try connection.query("insert into thing values ($1)", ["hush-hush"])
    }
    #expect(error?.sqlState == "23505")
    #expect(error?.constraint == "thing_once")
    #expect(error?.table == "thing")
    #expect(error?.detail?.isEmpty == false)
    #expect(error?.description.contains("hush-hush") == false)
  }

  @Test func `the place in the statement is told`() throws {
    let error = #expect(throws: PostgresError.self) { try connection.query("select nix") }
    #expect(error?.position == 8)
  }

  @Test(arguments: [
    ("08006", true), ("57P01", true), ("57P03", true), ("53300", true), ("40001", true),
    ("40P01", true), ("25006", true), ("57014", true), ("23505", false), ("42P01", false),
    ("QF001", false),
  ])
  func `what may succeed later is told by SQLSTATE`(state: String, isRetryable: Bool) {
    #expect(PostgresError(.server, "x", sqlState: state).isRetryable == isRetryable)
  }

  @Test func `a lost connection may be tried again, a wrong password may not`() {
    #expect(PostgresError(.connectionLost, "x").isRetryable)
    #expect(PostgresError(.timeout, "x").isRetryable)
    #expect(PostgresError(.unreachable, "x").isRetryable)
    #expect(!PostgresError(.authentication, "x").isRetryable)
    #expect(!PostgresError(.decoding, "x").isRetryable)
  }

  @Test func `a script stops at its first error and leaves nothing behind`() throws {
    let error = #expect(throws: PostgresError.self) {
      try connection.execute("create table half (x int); insert into half values (1/0); select 1")
    }
    #expect(error?.sqlState == "22012")
    #expect(throws: PostgresError.self) { try connection.query("select * from half") }
  }

  @Test func `the server's notices arrive`() throws {
    let box = Collected<String>()
    let noisy = try Connection(Scratch.database) { box.append($0.message) }
    try noisy.execute("do $$ begin raise notice 'hello'; end $$")
    #expect(box.values == ["hello"])
  }

  @Test func `COPY without copyIn is refused and the connection goes on`() throws {
    try connection.execute("create table sink (x int)")
    #expect(throws: PostgresError.self) { try connection.query("copy sink from stdin") }
    #expect(throws: PostgresError.self) { try connection.execute("copy sink from stdin") }
    #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
  }

  @Test func `one row is one row`() throws {
    #expect(throws: PostgresError.self) { try connection.query("select 1 where false").one() }
    #expect(throws: PostgresError.self) {
      try connection.query("select generate_series(1, 2)").oneOrNone()
    }
    let none = try connection.query("select 1 where false").oneOrNone()
    #expect(none == nil)
  }
}

import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.scratchSchemaForEach) struct TransactionTests {
  let connection: Connection
  struct Change: Error {}

  init() throws {
    connection = try Connection(Scratch.database)
    try connection.execute("create table counter (test text, n int)")
  }

  private func count(_ test: String) throws -> Int {
    try Connection(Scratch.database)
      .query("select count(*) as n from counter where test = $1", [test]).one()["n", as: Int.self]
  }

  @Test func `what was done is there after the end`() throws {
    let answer = try connection.transaction {
      try connection.query("insert into counter values ('commit', 1)")
      #expect(try count("commit") == 0)
      return 42
    }
    #expect(answer == 42)
    #expect(try count("commit") == 1)
  }

  @Test func `an error undoes everything and goes on to the caller`() throws {
    #expect(throws: Change.self) {
      try connection.transaction {
        try connection.query("insert into counter values ('throw', 1)")
        throw Change()
      }
    }
    #expect(try count("throw") == 0)
    let broken = #expect(throws: PostgresError.self) {
      try connection.transaction {
        try connection.query("insert into counter values ('throw', 1)")
        try connection.query("select 1/0")
      }
    }
    #expect(broken?.sqlState == "22012")
    #expect(try count("throw") == 0)
    try connection.transaction { _ = try connection.query("select 1") }
  }

  @Test func `a commit that the server turns into a rollback is an error`() throws {
    let error = #expect(throws: PostgresError.self) {
      try connection.transaction {
        try connection.query("insert into counter values ('swallowed', 1)")
        do { try connection.query("select 1/0") } catch {}
      }
    }
    #expect(error?.code == .rolledBack)
    #expect(try count("swallowed") == 0)
  }

  @Test func `a batch inside a transaction is part of it`() throws {
    #expect(throws: Change.self) {
      try connection.transaction {
        try connection.pipeline([
          Query("insert into counter values ('batch', 1)"),
          Query("insert into counter values ('batch', 2)"),
        ])
        throw Change()
      }
    }
    #expect(try count("batch") == 0)
  }

  @Test func `isolation and read only are as asked`() throws {
    try connection.transaction(isolation: .serializable, readOnly: true) {
      let row = try connection.query(
        """
        select current_setting('transaction_isolation') as i,
               current_setting('transaction_read_only') as r
        """
      ).one()
      #expect(try row["i", as: String.self] == "serializable")
      #expect(try row["r", as: String.self] == "on")
    }
  }

  @Test func `a transaction within a transaction traps`() async throws {
    // Exit tests run elsewhere and have no scratch schema: they name the server themselves. All
    // that is not the trap ends well, and so fails the test.
    await #expect(processExitsWith: .failure) {
      do {
        let connection = try Connection(Scratch.server)
        try connection.transaction { try connection.transaction {} }
      } catch {}
      exit(0)
    }
  }

  @Test func `prepared statements survive a change of their table`() throws {
    try connection.execute("create table shifting (a int); insert into shifting values (1)")
    for _ in 0..<3 {
      #expect(try connection.query("select * from shifting").columns.count == 1)
    }
    try connection.execute("alter table shifting add b text")
    #expect(try connection.query("select * from shifting").columns.count == 2)
    for _ in 0..<3 { _ = try connection.pipeline([Query("select * from shifting")]) }
    try connection.execute("alter table shifting add c text; deallocate all")
    #expect(try connection.pipeline([Query("select * from shifting")])[0].columns.count == 3)
    #expect(try connection.query("select * from shifting").columns.count == 3)
  }

  @Test(arguments: [true, false])
  func `statements are kept prepared only where that is wanted`(isWanted: Bool) throws {
    var options = try Scratch.database
    options.preparesStatements = isWanted
    let connection = try Connection(options)
    for number in 0..<4 {
      #expect(try connection.query("select $1::int4 as n", [Int32(number)]).one()["n"] == number)
    }
    let kept = try connection.query(
      "select count(*) as n from pg_prepared_statements where statement like 'select $1::int4%'")
    #expect(try kept.one()["n", as: Int.self] == (isWanted ? 1 : 0))
  }

  @Test func `the same text with other types is another statement`() throws {
    for _ in 0..<3 {
      #expect(try connection.query("select $1 + 1 as x", [Int32(1)]).columns[0].type == .int4)
      #expect(try connection.query("select $1 + 1 as x", [1.5]).columns[0].type == .float8)
    }
  }
}

import Postgres
import TestSupport
import Testing

@Suite(.scratchSchemaForEach) struct PipelineTests {
  let connection: Connection

  init() throws {
    connection = try Connection(Scratch.database)
    try connection.execute("create table item (test text, n int)")
  }

  private func count(_ test: String) throws -> Int {
    try Connection(Scratch.database)
      .query("select count(*) as n from item where test = $1", [test]).one()["n", as: Int.self]
  }

  @Test func `answers come in the order of the statements`() throws {
    #expect(try connection.pipeline([]).isEmpty)
    for _ in 0..<3 {
      let answers = try connection.pipeline(
        (0..<100).map { Query("select $1::int4 as n", [Int32($0)]) })
      #expect(try answers.map { try $0.one()["n", as: Int.self] } == Array(0..<100))
    }
    let mixed = try connection.pipeline([
      Query("insert into item values ('order', 1), ('order', 2)"), Query(""),
      Query("select n from item where test = 'order' order by n"),
    ])
    #expect(mixed[0].affected == 2)
    #expect(mixed[1].isEmpty)
    #expect(try mixed[2].map { try $0["n", as: Int.self] } == [1, 2])
  }

  @Test func `a batch happens whole or not at all, and the connection goes on`() throws {
    for round in 0..<4 {
      let error = #expect(throws: PostgresError.self) {
        try connection.pipeline([
          Query("insert into item values ($1, $2)", ["atomic", Int32(round)]),
          Query("select 1/$1::int4", [Int32(0)]),
          Query("insert into item values ($1, $2)", ["atomic", Int32(round)]),
          Query("select nonsense"),
        ])
      }
      #expect(error?.sqlState == "22012")
      #expect(error?.sql == "select 1/$1::int4")
      #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
    }
    #expect(try count("atomic") == 0)
    try connection.pipeline([
      Query("insert into item values ($1, $2)", ["atomic", Int32(1)]),
      Query("insert into item values ($1, $2)", ["atomic", Int32(2)]),
    ])
    #expect(try count("atomic") == 2)
  }

  @Test func `a batch fails wherever its wrong statement stands`() throws {
    for place in 0..<5 {
      for _ in 0..<3 {
        let batch = (0..<5).map {
          $0 == place
            ? Query("select nothing_\(place)")
            : Query("insert into item values ('place', $1)", [Int32($0)])
        }
        let error = #expect(throws: PostgresError.self) { try connection.pipeline(batch) }
        #expect(error?.sqlState == "42703")
      }
    }
    #expect(try count("place") == 0)
    #expect(!connection.isBroken)
  }

  @Test func `a fence that raises stops the batch behind it`() throws {
    try connection.execute(
      """
      create function fence(ok boolean) returns void language plpgsql as $$
      begin if not ok then raise exception 'lost' using errcode = 'QF001'; end if; end $$
      """)
    func write(_ ok: Bool) throws {
      try connection.pipeline([
        Query("select fence($1)", [ok]),
        Query("insert into item select 'fence', n from unnest($1::int4[]) n", [[Int32(1), 2]]),
      ])
    }
    for _ in 0..<3 { try write(true) }
    #expect(throws: PostgresError.self) { try write(false) }
    #expect(try count("fence") == 6)
  }

  @Test func `a deferred constraint fails the batch at its end`() throws {
    try connection.execute(
      "create table later (n int constraint once unique deferrable initially deferred)")
    let error = #expect(throws: PostgresError.self) {
      try connection.pipeline([
        Query("insert into later values (1)"), Query("insert into later values (1)"),
      ])
    }
    #expect(error?.sqlState == "23505")
    #expect(try connection.query("select * from later").isEmpty)
  }

  /// With blocking writes, both sides would wait for ever with full buffers.
  @Test(.timeLimit(.minutes(1)))
  func `sixty megabytes both ways do not stop a batch`() throws {
    let bytes = [UInt8](repeating: 0xA5, count: 1 << 20)
    let batch = (0..<60).map { _ in Query("select $1::bytea as echo", [bytes]) }
    let answers = try connection.pipeline(batch, timeout: .seconds(50))
    #expect(answers.count == 60)
    #expect(try answers.allSatisfy { try $0.one()["echo", as: [UInt8].self].count == bytes.count })
    #expect(try answers[59].one()["echo", as: [UInt8].self] == bytes)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a small batch with a huge answer and many small statements both end`() throws {
    let large = try connection.pipeline(
      [Query("select repeat('x', 50000000) as t"), Query("select 1 as n")], timeout: .seconds(50))
    #expect(try large[0].one()["t", as: String.self].utf8.count == 50_000_000)
    let small = try connection.pipeline(
      (0..<20_000).map { Query("select $1::int8 as n", [$0]) }, timeout: .seconds(50))
    #expect(try small[19_999].one()["n", as: Int.self] == 19_999)
  }

  @Test func `a large batch whose first statement fails ends at once`() throws {
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    let batch = [Query("select 1/0")] + (0..<60).map { _ in Query("select $1::bytea", [bytes]) }
    let error = #expect(throws: PostgresError.self) { try connection.pipeline(batch) }
    #expect(error?.sqlState == "22012")
    #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
  }

  @Test func `a value that cannot be sent stops the batch before it begins`() throws {
    #expect(throws: PostgresError.self) {
      try connection.pipeline([
        Query("insert into item values ('early', 1)"),
        Query("insert into item values ($1, 1)", ["early\0"]),
      ])
    }
    #expect(try count("early") == 0)
  }

  @Test func `COPY in a batch ends the connection, not the program`() throws {
    let error = #expect(throws: PostgresError.self) {
      try connection.pipeline([Query("copy item from stdin"), Query("select 1")])
    }
    #expect(error != nil)
  }
}

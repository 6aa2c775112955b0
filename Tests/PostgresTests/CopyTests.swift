import Postgres
import TestSupport
import Testing

@Suite(.scratchSchemaForEach) struct CopyTests {
  let connection: Connection
  struct Change: Error {}

  init() throws {
    connection = try Connection(Scratch.database)
    try connection.execute(
      "create table cargo (test text, n int4, x float8, b bytea)")
  }

  private func count(_ test: String) throws -> Int {
    try connection.query("select count(*) as n from cargo where test = $1", [test]).one()["n"]
  }

  @Test func `typed rows arrive`() throws {
    let taken = try connection.copyIn("copy cargo from stdin with (format binary)") { writer in
      #expect(writer.isBinary)
      for number in 0..<10_000 {
        try writer.row([
          "binary", Int32(number), number == 7 ? nil : Double.nan, [UInt8](repeating: 0, count: 20),
        ])
      }
    }
    #expect(taken == 10_000)
    let row = try connection.query(
      "select count(*) as n, count(x) as x, sum(n) as s from cargo where test = 'binary'"
    ).one()
    #expect(try row["n", as: Int.self] == 10_000)
    #expect(try row["x", as: Int.self] == 9_999)
    #expect(try row["s", as: Int.self] == 49_995_000)
  }

  @Test func `texts arrive whatever they hold`() throws {
    let texts = ["a\tb", "line\nend\r", "\\N", "\\", "", "naïve 漢字"]
    try connection.execute("create table label (i int, t text)")
    let taken = try connection.copyIn("copy label from stdin") { writer in
      for (index, text) in texts.enumerated() { try writer.row(texts: ["\(index)", text]) }
      try writer.row(texts: ["99", nil])
    }
    #expect(taken == 7)
    let back = try connection.query("select t from label order by i")
    #expect(try back.map { try $0["t", as: String?.self] } == texts + [nil])
  }

  @Test func `bytes as they are are a file in CSV`() throws {
    let taken = try connection.copyIn("copy cargo (test, n) from stdin with (format csv, header)") {
      try $0.write("test,n\n\"c,s,v\",5\n".utf8)
    }
    #expect(taken == 1)
    #expect(try count("c,s,v") == 1)
  }

  @Test func `more than the socket holds goes through`() throws {
    let bytes = [UInt8](repeating: 3, count: 1 << 20)
    try connection.copyIn("copy cargo from stdin with (format binary)") { writer in
      for number in 0..<40 { try writer.row(["large", Int32(number), 1.5, bytes]) }
    }
    #expect(try count("large") == 40)
  }

  @Test func `an error of the caller leaves nothing behind and goes on`() throws {
    #expect(throws: Change.self) {
      try connection.copyIn("copy cargo from stdin with (format binary)") { writer in
        for number in 0..<5_000 { try writer.row(["stopped", Int32(number), 0.5, [UInt8]()]) }
        throw Change()
      }
    }
    #expect(try count("stopped") == 0)
    #expect(!connection.isBroken)
  }

  @Test func `a row that the server refuses undoes all of them`() throws {
    let error = #expect(throws: PostgresError.self) {
      try connection.copyIn("copy cargo (test, n) from stdin") { writer in
        try writer.row(texts: ["refused", "1"])
        try writer.row(texts: ["refused", "one"])
        // Goes on long after the server has stopped to care.
        for _ in 0..<200_000 { try writer.row(texts: ["refused", "2"]) }
      }
    }
    #expect(error?.sqlState == "22P02")
    #expect(try count("refused") == 0)
  }

  @Test func `a zero byte is refused, and a statement that is no COPY`() throws {
    let zero = #expect(throws: PostgresError.self) {
      try connection.copyIn("copy cargo (test) from stdin") { try $0.row(texts: ["a\0"]) }
    }
    #expect(zero?.code == .encoding)
    #expect(throws: PostgresError.self) { try connection.copyIn("select 1") { _ in } }
    let missing = #expect(throws: PostgresError.self) {
      try connection.copyIn("copy nowhere from stdin") { _ in }
    }
    #expect(missing?.sqlState == "42P01")
    #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
  }
}

import Postgres
import TestSupport
import Testing

@Suite struct ConnectionOptionsTests {
  private func failure(_ text: String) -> PostgresError? {
    #expect(throws: PostgresError.self) { try Connection(ConnectionOptions(text)) }
  }

  @Test func `nobody at a socket is one clear line`() {
    let error = failure("host=/run/nowhere user=u dbname=d")
    #expect(error?.code == .unreachable)
    #expect(
      error?.description
        == "cannot reach PostgreSQL at /run/nowhere (socket): No such file or directory; "
        + "is it running? name one with --database URL, DATABASE_URL or PG* variables")
  }

  @Test func `nobody at a port is one clear line`() {
    let error = failure("postgresql://u@127.0.0.1:1/d")
    #expect(error?.code == .unreachable)
    #expect(error?.message == "cannot reach PostgreSQL at 127.0.0.1:1: Connection refused")
  }

  @Test func `several hosts are tried in turn`() throws {
    let server = try Scratch.server.resolved()
    let error = failure("host=127.0.0.1,/run/nowhere port=1,2 user=u dbname=d")
    #expect(error?.message.contains("127.0.0.1:1") == true)
    #expect(error?.message.contains("/run/nowhere (socket, port 2)") == true)
    let second = try Connection(
      ConnectionOptions(
        "host=/run/nowhere,\(server.host) port=1,\(server.port) user=\(server.user) "
          + "dbname=\(server.database)"))
    #expect(!second.isBroken)
  }

  @Test func `among several hosts one that only reads is passed over`() throws {
    let server = try Scratch.server.resolved()
    let two =
      "host=\(server.host),\(server.host) port=\(server.port),\(server.port) user=\(server.user) "
      + "dbname=\(server.database) options='-c default_transaction_read_only=on'"
    #expect(failure(two)?.message.contains("read-only") == true)
    #expect(failure(two)?.isRetryable == true)
    // Who names one, or asks for any, means it.
    #expect(try !Connection(ConnectionOptions(two + " target_session_attrs=any")).isBroken)
    #expect(
      try !Connection(
        ConnectionOptions(
          "host=\(server.host) port=\(server.port) user=\(server.user) "
            + "dbname=\(server.database) options='-c default_transaction_read_only=on'")
      ).isBroken)
  }

  @Test func `no such user and no such database are told apart`() throws {
    let server = try Scratch.server.resolved()
    let place = "host=\(server.host) port=\(server.port)"
    let user = failure("\(place) user=nobody_here dbname=\(server.database)")
    #expect(user?.code == .authentication)
    #expect(user?.isRetryable == false)
    let database = failure("\(place) user=\(server.user) dbname=nothing_here")
    #expect(database?.code == .server)
    #expect(database?.sqlState == "3D000")
  }

  @Test(arguments: [
    "postgre://u:hunter2@host/d", "host=x password=a hunter2", "postgresql://u:p@hunter2@host/d",
    "postgresql://u:p@x:hunter2@host/d", "password=hunter2 sslmode=wrong", "hunter2=1",
    "postgresql://u:p?hunter2@host/d", "postgresql://u:hunter2@127.0.0.1:1/d",
    "host=127.0.0.1 port=1 password='hunter2'", "postgresql://u:hunter2@host:99999/d",
    "host=x password='hunter2",
  ])
  func `a password is in no text, however wrong the address is`(text: String) {
    let options = ConnectionOptions(text)
    var dumped = ""
    dump(options, to: &dumped)
    let error = failure(text)
    let said = [
      "\(options)", String(reflecting: options), dumped, error?.description ?? "none",
      error.map { String(reflecting: $0) } ?? "none",
    ]
    for line in said { #expect(!line.contains("hunter2")) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test func `an unreadable address says how to write one`() {
    let error = failure("host=x password=a b")
    #expect(error?.code == .badOptions)
    #expect(error?.hint?.contains("postgresql://user@host:port/database") == true)
  }

  @Test func `options are described by server, database and user`() {
    #expect(
      ConnectionOptions("postgresql://ann:secret@example.org:6000/sweeps").description
        == "database \"sweeps\" at example.org:6000 as \"ann\"")
    #expect(
      ConnectionOptions("host=a,b port=1,2 user=ann dbname=d").description
        == "database \"d\" at a:1, b:2 as \"ann\"")
  }
}

@Suite struct QuotingTests {
  @Test func `a name is quoted so that it stays one name`() {
    #expect(Connection.quoted(identifier: "a") == "\"a\"")
    #expect(Connection.quoted(identifier: "a\"; drop") == "\"a\"\"; drop\"")
    #expect(Connection.quoted(identifier: "") == "\"\"")
  }
}

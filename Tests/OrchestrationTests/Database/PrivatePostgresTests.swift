import FoundationEssentials
import Glibc
import Orchestration
import Postgres
import Testing

@Suite struct PrivatePostgresTests {
  /// A home of its own, which root's server user may enter.
  func withServer(_ body: (PrivatePostgres) throws -> Void) throws {
    var template = Array("/tmp/unroll-private-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let home = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: home) }
    try body(try PrivatePostgres(home: home))
  }

  @Test func `starts, is found again with its data, and stops with its last user`() throws {
    try withServer { server in
      #expect(!server.exists)
      let first = try server.use()
      let second = try server.use()
      _ = try connect(server).query("create table kept (number int)")
      try first.close()
      // The second user still has it.
      _ = try connect(server).query("insert into kept values (7)")
      try second.close()
      #expect(throws: PostgresError.self) { try connect(server) }

      let third = try server.use()
      let rows = try connect(server).query("select number from kept")
      #expect(rows.count == 1)
      try third.close()
      #expect(throws: PostgresError.self) { try connect(server) }
    }
  }

  @Test func `listens on no TCP port`() throws {
    try withServer { server in
      let use = try server.use()
      let rows = try connect(server).query(
        "select current_setting('listen_addresses') = '' as none")
      #expect(try rows[0]["none", as: Bool.self])
      try use.close()
    }
  }

  func connect(_ server: PrivatePostgres) throws -> Connection {
    try Connection(ConnectionOptions(server.url))
  }
}

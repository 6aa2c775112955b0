import Logging
import Orchestration
import Postgres
import Store
import TestSupport
import Testing

/// How a daemon's connection comes back.
@Suite(.scratchDatabaseForEach) struct DatabaseClientTests {
  private static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  private func register(_ client: DatabaseClient) throws {
    try client.perform {
      try $0.register(
        WorkerRegistration(host: "here", pid: 1, slots: 1, version: "1", kernels: "plain"))
    }
  }

  @Test func `a server that only reads is left, and the next connection may find the primary`()
    throws
  {
    try Database(Scratch.database).migrate()
    let client = DatabaseClient(try Scratch.database, name: "test", logger: Self.silent)
    defer { client.close() }
    // As on a primary that has become a standby.
    try client.perform { try $0.connection.execute("set default_transaction_read_only = on") }
    let error = #expect(throws: StoreError.self) { try register(client) }
    #expect(error?.sqlState == "25006")
    #expect(error?.isRetryable == true)
    try register(client)
  }

  @Test func `a call that took too long is not done later`() throws {
    try Database(Scratch.database).migrate()
    let other = try Connection(Scratch.database)
    var options = try Scratch.database
    options.callTimeout = .milliseconds(200)
    let client = DatabaseClient(options, name: "test", logger: Self.silent)
    defer { client.close() }
    // Connected before there is something to wait for.
    try client.perform { try $0.checkVersion() }
    try other.transaction {
      try other.query("lock table unroll_internal.worker")
      let error = #expect(throws: StoreError.self) { try register(client) }
      #expect(error?.cause?.code == .timeout)
      let limit = ContinuousClock.now + .seconds(20)
      while try other.query(
        """
        select exists (select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock')
        """
      ).one()[0, as: Bool.self] {
        try #require(ContinuousClock.now < limit, "the server still waits for the lock")
        // What is seen of other sessions stands still within a transaction.
        try other.query("select pg_stat_clear_snapshot()")
      }
    }
    #expect(try other.query("select count(*) from unroll_internal.worker").one()[0] == 0)
  }

  @Test func `the doctor tells what hurts the queue, and which queue nobody drives`() throws {
    let database = try Database(Scratch.database)
    try database.migrate()
    #expect(!Diagnosis.database(database).contains { $0.subject == "silent worker" })
    let worker = WorkerRegistration(
      host: "quiet", pid: 7, slots: 1, version: "1", kernels: "plain", ttl: .milliseconds(1))
    try database.register(worker)
    let limit = ContinuousClock.now + .seconds(20)
    var found: Finding?
    while found == nil {
      try #require(ContinuousClock.now < limit, "no alert")
      found = Diagnosis.database(database).first { $0.subject == "silent worker" }
    }
    #expect(found?.isGood == false)
    #expect(found?.found.hasPrefix("quiet, process 7: no heartbeat for ") == true)
    #expect(found?.remedy == "a scheduler takes its trials back: unroll scheduler")
  }
}

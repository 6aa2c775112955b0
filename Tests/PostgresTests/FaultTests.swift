import Dispatch
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.scratchSchema) struct FaultTests {
  private func victim(through proxy: FaultyProxy) throws -> Connection {
    let connection = try Connection(proxy.options)
    #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
    return connection
  }

  private func isDead(_ connection: Connection) -> Bool {
    do {
      try connection.query("select 1")
      return false
    } catch let error as PostgresError {
      return error.code == .connectionLost && connection.isBroken
    } catch {
      return false
    }
  }

  @Test func `a deadline ends a call and its connection`() throws {
    let connection = try Connection(Scratch.database)
    let began = ContinuousClock.now
    let error = #expect(throws: PostgresError.self) {
      try connection.query("select pg_sleep(30)", timeout: .milliseconds(200))
    }
    #expect(error?.code == .timeout)
    #expect(error?.isRetryable == true)
    #expect(ContinuousClock.now - began < .seconds(10))
    #expect(connection.isBroken)
    #expect(isDead(connection))
  }

  @Test func `a deadline ends a batch and a COPY too`() throws {
    let batch = try Connection(Scratch.database)
    let late = #expect(throws: PostgresError.self) {
      try batch.pipeline([Query("select pg_sleep(30)")], timeout: .milliseconds(100))
    }
    #expect(late?.code == .timeout)
    #expect(isDead(batch))
    let proxy = try FaultyProxy(for: Scratch.database)
    defer { proxy.stop() }
    let copy = try victim(through: proxy)
    try copy.execute("create table slow (t text)")
    let stuck = #expect(throws: PostgresError.self) {
      try copy.copyIn("copy slow from stdin", timeout: .milliseconds(300)) { writer in
        proxy.behave(.halfOpen)
        for _ in 0..<100_000 { try writer.row(texts: [String(repeating: "x", count: 100)]) }
      }
    }
    #expect(stuck?.code == .timeout)
    #expect(isDead(copy))
  }

  @Test func `a deadline of the connection holds for calls that say nothing`() throws {
    var options = try Scratch.database
    options.callTimeout = .milliseconds(100)
    let connection = try Connection(options)
    let error = #expect(throws: PostgresError.self) { try connection.query("select pg_sleep(30)") }
    #expect(error?.code == .timeout)
  }

  @Test(arguments: [FaultyProxy.Behaviour.halfOpen, .swallowAnswers])
  func `a peer that has vanished is found by the deadline`(behaviour: FaultyProxy.Behaviour) throws
  {
    let proxy = try FaultyProxy(for: Scratch.database)
    defer { proxy.stop() }
    let connection = try victim(through: proxy)
    proxy.behave(behaviour)
    let error = #expect(throws: PostgresError.self) {
      try connection.query("select 1", timeout: .milliseconds(200))
    }
    #expect(error?.code == .timeout)
    #expect(isDead(connection))
  }

  @Test func `a server that accepts and says nothing is found by the deadline`() throws {
    let proxy = try FaultyProxy(for: Scratch.database)
    defer { proxy.stop() }
    proxy.behave(.halfOpen)
    var options = proxy.options
    options.connectTimeout = .milliseconds(300)
    let error = #expect(throws: PostgresError.self) { try Connection(options) }
    #expect(error?.code == .unreachable)
    #expect(error?.message.contains("no answer within 0.3 seconds") == true)
  }

  @Test func `a cut connection is told, and another one can be opened`() throws {
    let proxy = try FaultyProxy(for: Scratch.database)
    defer { proxy.stop() }
    let connection = try victim(through: proxy)
    proxy.cut(afterBytes: 3)
    let error = #expect(throws: PostgresError.self) { try connection.query("select 2") }
    #expect(error?.code == .connectionLost)
    #expect(error?.isRetryable == true)
    #expect(isDead(connection))
    let again = try Connection(Scratch.database)
    #expect(try again.query("select 3 as x").one()["x", as: Int.self] == 3)
  }

  @Test func `a connection cut within a batch has done nothing of it`() throws {
    let proxy = try FaultyProxy(for: Scratch.database)
    defer { proxy.stop() }
    let connection = try victim(through: proxy)
    try connection.execute("create table cut_batch (b bytea)")
    proxy.cut(afterBytes: 1_000_000)
    let bytes = [UInt8](repeating: 9, count: 300_000)
    let error = #expect(throws: PostgresError.self) {
      try connection.pipeline(
        (0..<8).map { _ in Query("insert into cut_batch values ($1)", [bytes]) })
    }
    #expect(error?.code == .connectionLost)
    #expect(isDead(connection))
    let rows = try Connection(Scratch.database).query("select count(*) as n from cut_batch").one()
    #expect(try rows["n", as: Int.self] == 0)
  }

  @Test func `a slow line is only slow`() throws {
    let proxy = try FaultyProxy(for: Scratch.database)
    defer { proxy.stop() }
    let connection = try victim(through: proxy)
    proxy.delay(milliseconds: 30)
    let answers = try connection.pipeline((0..<5).map { Query("select $1::int8 as n", [$0]) })
    #expect(try answers.map { try $0.one()["n", as: Int.self] } == [0, 1, 2, 3, 4])
  }

  /// Ends the backend of `connection` as soon as it runs something.
  private func terminate(_ connection: Connection, with options: ConnectionOptions) -> DispatchGroup
  {
    let group = DispatchGroup()
    let process = connection.backendProcessID
    DispatchQueue.global().async(group: group) {
      do {
        let killer = try Connection(options)
        try killer.whenActive(process) {
          try killer.query("select pg_terminate_backend($1)", [process])
        }
      } catch {
        Issue.record(error)
      }
    }
    return group
  }

  @Test func `a backend that is terminated in the middle says why`() throws {
    let options = try Scratch.database
    let connection = try Connection(options)
    let group = terminate(connection, with: options)
    let error = #expect(throws: PostgresError.self) { try connection.query("select pg_sleep(60)") }
    group.wait()
    #expect(error?.sqlState == "57P01")
    #expect(error?.isRetryable == true)
    #expect(isDead(connection))
  }

  @Test func `a backend that is terminated within a batch or a transaction says why`() throws {
    let options = try Scratch.database
    let batch = try Connection(options)
    var group = terminate(batch, with: options)
    let first = #expect(throws: PostgresError.self) {
      try batch.pipeline([Query("select 1"), Query("select pg_sleep(60)"), Query("select 2")])
    }
    group.wait()
    #expect(first?.sqlState == "57P01")
    #expect(isDead(batch))
    let transaction = try Connection(options)
    group = terminate(transaction, with: options)
    let second = #expect(throws: PostgresError.self) {
      try transaction.transaction { _ = try transaction.query("select pg_sleep(60)") }
    }
    group.wait()
    #expect(second?.sqlState == "57P01")
    #expect(isDead(transaction))
  }

  @Test func `another thread can stop a statement, and the connection goes on`() throws {
    let options = try Scratch.database
    let connection = try Connection(options)
    let process = connection.backendProcessID
    let canceller = connection.canceller
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      do {
        let observer = try Connection(options)
        try observer.whenActive(process) { try canceller.cancel() }
      } catch {
        Issue.record(error)
      }
    }
    let error = #expect(throws: PostgresError.self) { try connection.query("select pg_sleep(60)") }
    group.wait()
    #expect(error?.sqlState == "57014")
    #expect(try connection.query("select 1 as x").one()["x", as: Int.self] == 1)
  }

  @Test func `closing twice is closing, and nothing works afterwards`() throws {
    let connection = try Connection(Scratch.database)
    connection.close()
    connection.close()
    #expect(isDead(connection))
  }
}

extension Connection {
  /// Runs `body` when the session with this process is running a statement.
  func whenActive(_ process: Int32, _ body: () throws -> Void) throws {
    while try query(
      """
      select 1 from pg_stat_activity
      where pid = $1 and state = 'active' and query like '%pg_sleep%' and wait_event = 'PgSleep'
      """, [process]
    ).isEmpty {}
    try body()
  }
}

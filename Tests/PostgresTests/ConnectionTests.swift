import Dispatch
import FoundationEssentials
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.scratchDatabase) struct ConnectionTests {
  @Test(.scratchDatabase) func `a scratch database is one's own, and empty`() throws {
    let connection = try Connection(Scratch.database)
    let row = try connection.query("select current_database() as d").one()
    #expect(try row["d", as: String.self] == Scratch.database.database)
    #expect(
      try connection.query("select 1 from pg_class where relnamespace = 'public'::regnamespace")
        .isEmpty)
    #expect(connection.serverVersion >= 130_000)
    #expect(connection.parameterStatus("client_encoding") == "UTF8")
  }

  @Test func `a name is set, and a user's own name wins`() throws {
    let server = try Scratch.server.resolved()
    let name = "select current_setting('application_name') as n"
    for (words, expected) in [("", "unroll worker"), (" application_name=mine", "mine")] {
      var options = ConnectionOptions(
        "host=\(server.host) port=\(server.port) user=\(server.user) dbname=\(server.database)"
          + words)
      options.applicationName = "unroll worker"
      #expect(try Connection(options).query(name).one()["n", as: String.self] == expected)
    }
  }

  @Test func `settings reach the session, whatever they hold`() throws {
    var options = try Scratch.database
    options.settings = ["search_path": "a, \"b c\"", "myapp.slash": "x\\y z"]
    let row = try Connection(options).query(
      "select current_setting('search_path') as p, current_setting('myapp.slash') as s"
    ).one()
    #expect(try row["p", as: String.self] == "a, \"b c\"")
    #expect(try row["s", as: String.self] == "x\\y z")
  }

  @Test func `two threads with two connections do not disturb each other`() throws {
    let options = try Scratch.database
    try Connection(options).execute("create table two (worker int, n int)")
    let group = DispatchGroup()
    for worker in 0..<2 {
      DispatchQueue(label: "worker \(worker)").async(group: group) {
        do {
          let connection = try Connection(options)
          for number in 0..<200 {
            try connection.pipeline([
              Query("insert into two values ($1, $2)", [Int32(worker), Int32(number)]),
              Query("select count(*) from two"),
            ])
          }
        } catch {
          Issue.record(error)
        }
      }
    }
    group.wait()
    let row = try Connection(options).query("select count(*) as n from two").one()
    #expect(try row["n", as: Int.self] == 400)
  }

  @Test func `a connection may be handed from thread to thread`() throws {
    let connection = try Connection(Scratch.database)
    for number in 0..<20 {
      let answers = Collected<Int>()
      let group = DispatchGroup()
      DispatchQueue(label: "hand \(number)").async(group: group) {
        do {
          answers.append(try connection.query("select $1 as n", [number]).one()["n"])
        } catch {
          Issue.record(error)
        }
      }
      group.wait()
      #expect(answers.values == [number])
    }
  }

  @Test func `a second thread in the middle of a transaction traps`() async throws {
    // All that is not the trap ends well, and so fails the test.
    await #expect(processExitsWith: .failure) {
      do {
        let connection = try Connection(Scratch.server)
        try connection.transaction {
          let group = DispatchGroup()
          DispatchQueue(label: "intruder").async(group: group) {
            do { try connection.query("select 1") } catch {}
          }
          group.wait()
        }
      } catch {}
      exit(0)
    }
  }
}

/// Counts descriptors of the whole process, so nothing else may run beside it.
@Suite(.serialized) struct LeakTests {
  @Test func `two hundred connections leave no descriptor and no session behind`() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      }
      var options = try Scratch.server
      options.applicationName = "leak test \(getpid())"
      _ = try Connection(options)
      let before = try descriptors()
      for number in 0..<200 {
        let connection = try Connection(options)
        switch number % 4 {
        case 0: connection.close()
        case 1: do { try connection.query("select 1/0") } catch {}
        case 2: do { try connection.query("select pg_sleep(9)", timeout: .zero) } catch {}
        default: try connection.pipeline([Query("select 1")])
        }
        if number % 10 == 0 {
          var wrong = options
          wrong.database = "no such database"
          do { _ = try Connection(wrong) } catch {}
        }
      }
      let after = try descriptors()
      // The test library opens one or two of its own; the rarest kind of end above comes 20 times.
      precondition(after < before + 10, "\(before) descriptors became \(after)")
    }
    #expect(result != nil)
  }

  @Test func `answers are freed`() async throws {
    await #expect(processExitsWith: .success) {
      func residentPages() throws -> Int {
        let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return Int(words.split(separator: " ")[1]) ?? 0
      }
      let connection = try Connection(Scratch.server)
      let sql = "select repeat('x', 4000000) as t"
      for _ in 0..<10 { try connection.query(sql) }
      let before = try residentPages()
      for _ in 0..<100 {
        try connection.query(sql)
        do { try connection.query("select 1/0") } catch {}
      }
      let grown = (try residentPages() - before) * 4096
      // 100 answers that were kept would be 400 MB.
      precondition(grown < 60_000_000, "\(grown) bytes more are in use")
    }
  }
}

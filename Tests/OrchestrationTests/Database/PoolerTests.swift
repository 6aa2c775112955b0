import FoundationEssentials
import Glibc
import Orchestration
import Postgres
import Store
import TestSupport
import Testing

/// PgBouncer in transaction mode in front of the server of the tests.
private final class Pooler {
  let options: ConnectionOptions
  private let folder: String
  private let process: ChildProcess

  init(for server: ConnectionOptions) throws {
    let resolved = try server.resolved()
    // It must be whoever may enter the folder of the server's socket.
    var status = stat()
    let isThere = stat(resolved.host, &status) == 0
    let entry = try #require(isThere ? getpwuid(status.st_uid) : nil)
    let owner = String(cString: entry.pointee.pw_name)
    var template = Array("/tmp/unroll-pooler-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let settings = """
      [databases]
      * = host=\(resolved.host) port=\(resolved.port) user=\(resolved.user)
      [pgbouncer]
      unix_socket_dir = \(folder)
      listen_port = 6432
      auth_type = any
      pool_mode = transaction
      default_pool_size = 3
      logfile = \(folder)/log
      """
    try Data(settings.utf8).write(to: URL(filePath: "\(folder)/pgbouncer.ini"))
    chown(folder, status.st_uid, status.st_gid)
    let prefix = geteuid() == status.st_uid ? [] : ["runuser", "-u", owner, "--"]
    process = try ChildProcess.start(
      prefix + ["pgbouncer", "-q", "\(folder)/pgbouncer.ini"],
      environment: ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"], directory: "/",
      streams: .file("\(folder)/output"))
    var options = server
    options.redirectedHost = folder
    options.redirectedPort = "6432"
    self.options = options
  }

  deinit {
    process.send(SIGTERM)
    _ = process.wait()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

@Suite(.scratchDatabaseForEach) struct PoolerTests {
  @Test func `daemons behind PgBouncer in transaction mode train as they do without`() throws {
    let direct = try Daemons()
    let pooler = try Pooler(for: direct.options)
    try direct.wait("PgBouncer does not answer") {
      (try? Connection(pooler.options).query("select 1")) != nil
    }
    let scheduler = direct.scheduler()
    let worker = direct.worker(slots: 2)
    let calm = try direct.enqueue(Daemons.small)
    try direct.waitForEnd(calm)
    try worker.stop()
    try scheduler.stop()

    let pooled = try Daemons(pooler.options)
    let (leader, standby) = (pooled.scheduler(), pooled.scheduler())
    let workers = [pooled.worker(slots: 2), pooled.worker(), pooled.worker()]
    let sweep = try pooled.enqueue(Daemons.small)
    try pooled.waitForEnd(sweep)
    for each in workers + [leader, standby] { try each.stop() }
    #expect(try pooled.results(sweep) == direct.results(calm))
    #expect(try pooled.value("select max(failures + losses) = 0 from unroll.trials"))
    // More clients than connections to the server: they were shared.
    #expect(
      try direct.value(
        "select count(*) <= 4 from pg_stat_activity where datname = current_database()"))
  }

  @Test func `connections that share a server's never run each other's statements`() throws {
    let pooler = try Pooler(for: try Scratch.database)
    let limit = ContinuousClock.now + .seconds(30)
    while (try? Connection(pooler.options).query("select 1")) == nil {
      try #require(ContinuousClock.now < limit, "PgBouncer does not answer")
    }
    let connections = try (0..<12).map { _ in try Connection(pooler.options) }
    for round in 0..<20 {
      for (number, connection) in connections.enumerated() {
        // Each begins with a statement of its own, so that a name by number would be another's.
        let sql = "select $1::int4 * \((number + round) % 5 + 1) as n"
        let one: Int = try connection.query(Query(sql, [Int32(7)])).one()[0]
        #expect(one == 7 * ((number + round) % 5 + 1))
        let many = try connection.pipeline([Query(sql, [Int32(3)]), Query(sql, [Int32(4)])])
        #expect(try many[1].one()["n", as: Int.self] == 4 * ((number + round) % 5 + 1))
      }
    }
  }
}

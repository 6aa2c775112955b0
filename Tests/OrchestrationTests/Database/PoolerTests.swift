import FoundationEssentials
import Orchestration
import Postgres
import Store
import TestSupport
import Testing

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

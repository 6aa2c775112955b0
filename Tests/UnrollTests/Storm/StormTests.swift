import FoundationEssentials
import Glibc
import Orchestration
import TestSupport
import Testing

/// Faults of every kind, all the time. `deploy/chaos` runs these for longer: `UNROLL_STORM_MINUTES`,
/// `UNROLL_STORM_SEED`, `UNROLL_STORM_RESTARTS` and `UNROLL_STORM_POOLER` say for how long and which.
@Suite(.serialized) struct StormTests {
  private static func number(_ name: String, else usual: Double) -> Double {
    getenv(name).flatMap { Double(String(cString: $0)) } ?? usual
  }

  private static let seed = UInt64(number("UNROLL_STORM_SEED", else: 1))
  private static let isPooled = number("UNROLL_STORM_POOLER", else: 0) != 0

  @Test func `nothing is lost and nothing is run twice`() throws {
    let storm = try Storm(
      Storm.Plan(
        seconds: 60 * Self.number("UNROLL_STORM_MINUTES", else: 3), seed: Self.seed,
        isPooled: Self.isPooled))
    defer { storm.end() }
    try storm.run()
    var violations = try storm.violations()
    let timed = [try storm.detection(), try storm.cancellation()]
    violations += timed.flatMap(\.violations)
    let last = try #require(storm.incidents.last)
    // The last sweeps are few, and of other kinds than the calm ones: half the rate is as fast.
    let recovered = try storm.recovered(after: last.end, share: 0.5)
    let successes = try storm.successes(after: last.end)
    if recovered.map({ $0 > 30 }) ?? true {
      violations.append("I12: throughput was not back 30 s after the last fault")
    }
    violations += try storm.remains()
    print(try storm.summary(violations))
    for each in timed { print("  \(each.line)") }
    print(
      """
        I12 throughput was back \(recovered.map(Storm.rounded) ?? "no") s after \(last.fault)
        trials in each 5 s: calm \(successes.calm), after the last fault \(successes.after)
      """)
    #expect(violations == [])
    #expect(timed.allSatisfy { $0.undisturbed > 0 })
    // It blew: every kind of fault, its traces, and attempts that were lost by them.
    #expect(storm.missing == [])
    #expect((storm.injected[.clockShift] ?? 0) > 1)
    for fault in storm.injected.keys where fault.trace != nil {
      #expect(storm.traces(of: fault) > 0, "\(fault) met nobody")
    }
    let lost: Int = try storm.value("select count(*) from unroll.attempts where outcome = 'lost'")
    #expect(lost > 0)
  }

  /// The same plan twice: the checks that pass with the fence are those that fail without it.
  @Test func `without the fence the same storm corrupts trials`() throws {
    for isFenced in [true, false] {
      let storm = try Storm(
        Storm.Plan(
          seconds: 40, seed: Self.seed, isFenced: isFenced, only: .declaredDead, lease: 6,
          patience: isFenced ? 300 : 60))
      defer { storm.end() }
      do {
        try storm.run()
      } catch let error as SystemError where !isFenced {
        // Two writers may also leave a sweep that never ends; that alone proves nothing.
        print("without the fence: \(error.description.prefix(200))")
      }
      let violations = try storm.violations()
      let corrupt = violations.filter { line in
        ["I3", "I4", "I10"].contains { line.hasPrefix($0) }
      }
      print(
        "fence \(isFenced ? "on" : "off"): \(storm.injected[.declaredDead] ?? 0) workers declared "
          + "dead, \(violations.count) violations, \(corrupt.count) of I3, I4 or I10")
      if isFenced {
        #expect(violations == [])
      } else {
        #expect(!corrupt.isEmpty)
      }
    }
  }

  @Test func `a server that is restarted again and again loses no trial`() throws {
    let storm = try Storm(
      Storm.Plan(seconds: 0, seed: Self.seed, isPooled: Self.isPooled))
    defer { storm.end() }
    let restarts = Int(Self.number("UNROLL_STORM_RESTARTS", else: 2))
    let recoveries = try storm.restart(restarts)
    let violations = try storm.violations()
    print(
      "\(restarts) restarts, throughput back after \(recoveries.map(Storm.rounded)) s;",
      try storm.summary(violations))
    #expect(violations == [])
    #expect(recoveries.allSatisfy { $0 <= 30 })
  }
}

extension Storm {
  /// Restarts the server under load, by turns as an administrator does and as a power failure does,
  /// and returns how long it took each time until trials were trained as fast as before.
  func restart(_ count: Int) throws -> [Double] {
    try begin()
    var recoveries: [Double] = []
    for number in 0..<count {
      try refill()
      try wait("load", seconds: 60) { try isLoaded() }
      injected[.crashServer, default: 0] += 1
      let begin = Self.now
      if number.isMultiple(of: 2) { try server.crash() } else { stopServer() }
      try restartServer()
      var recovered: Double?
      try wait("the throughput", seconds: 120) {
        try replaceDead()
        try refill()
        recovered = try self.recovered(after: begin)
        return recovered != nil
      }
      recoveries.append(recovered ?? .infinity)
    }
    try finish()
    return recoveries
  }

  /// Faults by kind, what came of them, and the violations.
  func summary(_ violations: [String]) throws -> String {
    let outcomes: String = try value(
      """
      select string_agg(concat_ws(' ', n, outcome), ', ' order by n desc)
      from (select outcome, count(*) as n from unroll.attempts group by outcome) o
      """)
    let sweeps: String = try value(
      """
      select concat_ws(' ', count(distinct s.id), 'sweeps with', count(t.*), 'trials')
      from unroll.sweeps s left join unroll.trials t on t.sweep_id = s.id
      """)
    let faults = injected.sorted { ($0.value, $0.key.rawValue) > ($1.value, $1.key.rawValue) }
    let met = Fault.allCases.map { (fault: $0, traces: traces(of: $0)) }
      .filter { $0.traces > 0 }.map { "\($0.traces) \($0.fault.rawValue)" }
    return """
      storm of seed \(plan.seed), \(Int(plan.seconds)) s\(plan.isPooled ? " through PgBouncer" : ""): \
      \(injected.values.reduce(0, +)) faults
        \(faults.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", "))
        in the server's log: \(met.joined(separator: ", "))
        full disk: \(disk.isMounted ? "a tmpfs" : "only a trigger, mounting is not permitted here")
        \(sweeps); attempts: \(outcomes)
        the workers' log tells of \(ClientLog(program.log).successes.count) successes
        violations: \(violations.count)
      \(violations.map { "  " + $0 }.joined(separator: "\n"))
      """
  }
}

import FoundationEssentials
import Glibc
import Orchestration
import TestSupport
import Testing

/// Faults of every kind, all the time. `deploy/chaos` runs these for longer:
/// `UNROLL_STORM_MINUTES` and `UNROLL_STORM_SEED` say for how long and which.
@Suite(.serialized) struct StormTests {
  private static func number(_ name: String, else usual: Double) -> Double {
    getenv(name).flatMap { Double(String(cString: $0)) } ?? usual
  }

  @Test func `nothing is lost and nothing is run twice`() throws {
    let storm = try Storm(
      Storm.Plan(
        seconds: 60 * Self.number("UNROLL_STORM_MINUTES", else: 3),
        seed: UInt64(Self.number("UNROLL_STORM_SEED", else: 1))))
    defer { storm.end() }
    try storm.run()
    let violations = try storm.violations()
    print(try storm.summary(violations))
    #expect(violations == [])
    #expect(storm.acknowledged.count > Storm.kinds.count)
    // It blew: faults, and attempts that were lost by them.
    let lost: Int = try storm.value("select count(*) from unroll.attempts where outcome = 'lost'")
    #expect(lost > 0)
    #expect(storm.injected.count >= 5)
  }

  @Test func `without the fence the same checks find violations`() throws {
    let storm = try Storm(
      Storm.Plan(
        seconds: 60, seed: UInt64(Self.number("UNROLL_STORM_SEED", else: 1)), isFenced: false,
        only: .declaredDead, lease: 6))
    defer { storm.end() }
    var violations: [String] = []
    do {
      try storm.run()
    } catch let error as SystemError {
      // Two writers may also leave a sweep that never ends.
      violations.append("\(error)")
    }
    violations += try storm.violations()
    #expect(!violations.isEmpty)
  }
}

extension Storm {
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
    return """
      storm of seed \(plan.seed), \(Int(plan.seconds)) s: \(injected.values.reduce(0, +)) faults
        \(faults.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", "))
        \(sweeps); attempts: \(outcomes)
        violations: \(violations.count)
      \(violations.map { "  " + $0 }.joined(separator: "\n"))
      """
  }
}

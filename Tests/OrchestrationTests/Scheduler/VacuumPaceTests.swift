import Testing

@testable import Orchestration

@Suite struct VacuumPaceTests {
  @Test func `after many changes at once, after few in a while, and once more`() {
    var pace = VacuumPace(most: 100)
    var now = ContinuousClock.now
    #expect(pace.isDue(at: now), "of what was before a leader nothing is known")
    pace.ran(since: now, until: now)
    #expect(!pace.isDue(at: now))
    // What somebody's snapshot still saw goes with the next one, also if nothing changes.
    now += .seconds(10)
    #expect(pace.isDue(at: now))
    pace.ran(since: now, until: now)
    now += .seconds(3600)
    #expect(!pace.isDue(at: now))

    pace.changes += 1
    #expect(pace.isDue(at: now))
    pace.ran(since: now, until: now + .seconds(2))
    pace.changes += 99
    #expect(!pace.isDue(at: now + .seconds(101)), "a fiftieth of the time")
    #expect(pace.isDue(at: now + .seconds(102)))
    pace.changes += 1
    #expect(!pace.isDue(at: now + .seconds(9)), "many for a fifth of it")
    #expect(pace.isDue(at: now + .seconds(10)))
    pace.failed(at: now + .seconds(10))
    #expect(!pace.isDue(at: now + .seconds(19)))
    #expect(pace.isDue(at: now + .seconds(20)))
  }
}

import Orchestration
import Testing

@Suite struct PulseTests {
  let start = ContinuousClock.now

  @Test func `beats three times in a lease`() {
    var pulse = Pulse(lease: .seconds(30), now: start)
    #expect(pulse.due(at: start) == .wait(until: start + .seconds(10)))
    #expect(pulse.due(at: start + .seconds(10)) == .beat)
    pulse.succeeded(sent: start + .seconds(10))
    #expect(pulse.due(at: start + .seconds(11)) == .wait(until: start + .seconds(20)))
  }

  @Test func `a beat that fails is tried again soon, and too many of them end the lease`() {
    var pulse = Pulse(lease: .seconds(30), now: start)
    pulse.failed(at: start + .seconds(10))
    #expect(pulse.due(at: start + .seconds(11)) == .wait(until: start + .seconds(12)))
    #expect(pulse.due(at: start + .seconds(12)) == .beat)
    #expect(pulse.due(at: start + .seconds(27)) == .abandon)
  }

  @Test func `trust counts from when the beat was sent, not from its answer`() {
    var pulse = Pulse(lease: .seconds(30), now: start)
    // The answer came 15 s later: the next beat and the end of trust do not move with it.
    pulse.succeeded(sent: start + .seconds(10))
    #expect(pulse.due(at: start + .seconds(36)) == .beat)
    #expect(pulse.due(at: start + .seconds(37)) == .abandon)
  }

  @Test func `an old answer never shortens trust`() {
    var pulse = Pulse(lease: .seconds(30), now: start)
    pulse.succeeded(sent: start + .seconds(10))
    pulse.succeeded(sent: start + .seconds(5))
    #expect(pulse.due(at: start + .seconds(36)) != .abandon)
  }
}

import Orchestration
import Testing

@Suite struct LeaderTrustTests {
  let start = ContinuousClock.now

  @Test func `asks first, leads when granted, renews after a third of the lease`() {
    var leadership = LeaderTrust(lease: .seconds(15), now: start)
    #expect(leadership.due(at: start) == .ask)
    leadership.granted(term: 4, asked: start)
    #expect(leadership.due(at: start + .seconds(4)) == .lead(term: 4))
    #expect(leadership.due(at: start + .seconds(5)) == .ask)
  }

  @Test func `a slow answer cannot stretch trust`() {
    var leadership = LeaderTrust(lease: .seconds(15), now: start)
    // Asked at 0 s; the answer arrived at 14 s.
    leadership.granted(term: 1, asked: start)
    #expect(leadership.due(at: start + .seconds(14)) == .ask)
    leadership.unanswered(at: start + .seconds(14))
    #expect(leadership.due(at: start + .seconds(14)) == .standBy)
  }

  @Test func `a refused one stands by and asks again`() {
    var leadership = LeaderTrust(lease: .seconds(16), now: start)
    leadership.refused(at: start)
    #expect(leadership.due(at: start + .seconds(3)) == .standBy)
    #expect(leadership.due(at: start + .seconds(4)) == .ask)
  }

  @Test func `no answer leaves a leader its trust and nothing more`() {
    var leadership = LeaderTrust(lease: .seconds(20), now: start)
    leadership.granted(term: 2, asked: start)
    leadership.unanswered(at: start + .seconds(7))
    #expect(leadership.due(at: start + .milliseconds(7_500)) == .lead(term: 2))
    #expect(leadership.due(at: start + .seconds(8)) == .ask)
    leadership.unanswered(at: start + .seconds(18))
    #expect(leadership.due(at: start + .seconds(18)) == .standBy)
  }
}

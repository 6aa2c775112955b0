import Orchestration
import Testing

@Suite struct AskingPaceTests {
  @Test func `what takes long to answer is asked seldom`() {
    var pace = AskingPace(least: .milliseconds(100))
    #expect(pace.pause == .milliseconds(100))
    pace.answered(after: .milliseconds(2))
    #expect(pace.pause == .milliseconds(100))
    pace.answered(after: .milliseconds(40))
    #expect(pace.pause == .milliseconds(400))
    pace.answered(after: .seconds(3600))
    #expect(pace.pause == .seconds(60), "somebody still wants to see the end")
    pace.answered(after: .milliseconds(2))
    #expect(pace.pause == .milliseconds(100))
  }
}

import Dispatch
import FoundationEssentials
import Logging
import Postgres
import Store
import Testing

@testable import Orchestration

@Suite struct RecorderTests {
  @Test func `training waits while what it reached cannot be written, but not for ever`() {
    let goesOn = Locked(true)
    let client = DatabaseClient(
      ConnectionOptions("host=/nowhere connect_timeout=1"), name: "test",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let recorder = Recorder(
      Lease(trial: 1, token: 1, worker: UUID()), client, queue: DispatchQueue(label: "test"),
      gathering: .zero, while: { goesOn.withLock { $0 } })
    let points = (0...Recorder.limit).map {
      MetricPoint(epoch: $0, split: "train", name: "loss", value: 1)
    }
    // A write takes these along, and does not come back.
    recorder.record(points)
    recorder.makeRoom { true }
    #expect(!recorder.isFull)

    recorder.record(points)
    #expect(recorder.isFull)
    var asked = 0
    recorder.makeRoom {
      asked += 1
      return asked < 3
    }
    #expect(asked == 3 && recorder.isFull)

    // When nothing more can be written, there is nothing to wait for.
    goesOn.withLock { $0 = false }
    recorder.makeRoom { true }
    #expect(recorder.failure != nil)
  }
}

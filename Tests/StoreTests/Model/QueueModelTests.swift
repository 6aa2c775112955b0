import Testing

/// Every state of the queue's design, and the designs that are not sound.
@Suite struct QueueModelTests {
  @Test func `in no order of events does the design go wrong, and it never gets stuck`() {
    let exploration = QueueModel(design: .sound).explore()
    #expect(exploration.counterexample == nil)
    #expect(exploration.stuck == 0)
    // It was explored: a model in which nothing can happen would be sound, too.
    #expect(exploration.states > 10_000)
  }

  @Test(arguments: QueueModel.Design.allCases.filter { $0 != .sound })
  func `each broken twin goes wrong`(_ design: QueueModel.Design) throws {
    let way = try #require(QueueModel(design: design).explore().counterexample)
    #expect(way.count > 3, "\(way)")
  }

  @Test func `without a token a zombie writes into the next attempt`() throws {
    let way = try #require(QueueModel(design: .noToken).explore().counterexample)
    #expect(way.filter { $0.hasSuffix("claims") }.count == 2)
    #expect(way.last?.contains("attempt 1") == true)
  }
}

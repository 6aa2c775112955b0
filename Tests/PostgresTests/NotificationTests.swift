import Postgres
import TestSupport
import Testing

@Suite(.scratchDatabase) struct NotificationTests {
  @Test func `notifications arrive in order, also those that came during other calls`() throws {
    let listener = try Connection(Scratch.database)
    let sender = try Connection(Scratch.database)
    try listener.listen(to: "Odd \"name\"")
    try sender.query("select pg_notify('Odd \"name\"', $1)", ["one"])
    try listener.query("select 1")
    try sender.query("select pg_notify('Odd \"name\"', $1)", ["two"])
    try sender.query("select pg_notify('elsewhere', 'x')")
    var payloads: [String] = []
    while payloads.count < 2 {
      let arrived = try listener.notifications(timeout: .seconds(20))
      try #require(!arrived.isEmpty)
      #expect(arrived.allSatisfy { $0.backendProcessID == sender.backendProcessID })
      payloads += arrived.map(\.payload)
    }
    #expect(payloads == ["one", "two"])
  }

  @Test func `time passes without any`() throws {
    let listener = try Connection(Scratch.database)
    try listener.listen(to: "quiet")
    #expect(try listener.notifications(timeout: .milliseconds(50)).isEmpty)
    #expect(try listener.notifications(timeout: .zero).isEmpty)
    #expect(!listener.isBroken)
  }

  @Test func `a listener whose backend is terminated is told`() throws {
    let listener = try Connection(Scratch.database)
    try listener.listen(to: "ended")
    try Connection(Scratch.database)
      .query("select pg_terminate_backend($1)", [listener.backendProcessID])
    let error = #expect(throws: PostgresError.self) {
      while try listener.notifications(timeout: .seconds(20)).isEmpty {}
    }
    #expect(error?.code == .connectionLost)
    #expect(listener.isBroken)
  }
}

import Postgres
import Store
import TestSupport
import Testing

@Suite struct WeightsTests {
  private func put(
    _ fixture: Fixture, _ name: String = "base", _ content: [UInt8] = [1, 2, 3]
  ) throws -> StoredWeights {
    try fixture.database.putWeights(
      NewWeights(
        name: name, sha256: try fixture.sha256(content), source: "base.safetensors",
        tensors: JSON(text: #"{"head.bias":{"shape":[2],"from":"fc.bias"}}"#), content: content))
  }

  @Test(.scratchDatabase) func `weights come back as they were`() throws {
    let fixture = try Fixture()
    let content = (0..<(1 << 20) + 5).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 9) }
    let stored = try put(fixture, "large", content)
    #expect(stored.bytes == content.count)
    #expect(try fixture.count("unroll_internal.weights_chunk") == 2)
    #expect(try fixture.database.content(of: stored) == content)
    #expect(try fixture.database.weights(named: "large") == stored)
    #expect(try fixture.database.weights().map(\.source) == ["base.safetensors"])
    let rows = try fixture.database.json(.weights)
    #expect(rows.count == 1 && rows[0].text.contains("fc.bias"))
    try fixture.connection.execute("update unroll_internal.weights_chunk set content = '\\x00'")
    #expect(try storeError { _ = try fixture.database.content(of: stored) }.code == .corrupt)
  }

  @Test(.scratchDatabase) func `a name keeps its content`() throws {
    let fixture = try Fixture()
    let first = try put(fixture)
    #expect(try put(fixture) == first)
    let error = try storeError { _ = try put(fixture, "base", [4]) }
    #expect(error.code == .conflict && error.message.contains("take another name"))
    #expect(try fixture.database.content(of: first) == [1, 2, 3])
    let unknown = try storeError { _ = try fixture.database.weights(named: "bass") }
    #expect(unknown.message == #"no weights "bass"; there are: base"#)
    #expect(try storeError { _ = try put(fixture, "../base") }.code == .invalid)
    let lie = try storeError {
      _ = try fixture.database.putWeights(
        NewWeights(
          name: "lie", sha256: String(repeating: "0", count: 64), source: "x",
          tensors: JSON(text: "{}"), content: [1]))
    }
    #expect(lie.code == .corrupt)
    #expect(try fixture.count("unroll_internal.weights") == 1)
  }

  @Test(.scratchDatabase) func `what a sweep begins with stays until it is over`() throws {
    let fixture = try Fixture()
    _ = try put(fixture)
    try fixture.dataset()
    let sweep = try fixture.database.enqueue(
      JSON(text: #"{"name":"s","dataset":"words","model":{"initial":"weights/base"}}"#))
    let error = try storeError { try fixture.database.removeWeights(named: "base") }
    #expect(error.code == .inUse)
    #expect(error.message.contains("used by sweep \(sweep) (s), which is not over"))
    _ = try fixture.database.cancel(sweep: sweep)
    try fixture.database.removeWeights(named: "base")
    #expect(try fixture.count("unroll_internal.weights_chunk") == 0)
    #expect(
      try storeError { try fixture.database.removeWeights(named: "base") }.code == .notFound)
  }
}

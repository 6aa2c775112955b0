import Philox
import Recurrent
import Testing
import Training

@Suite struct BatchTests {
  static let lengths = (0..<203).map { 1 + ($0 * 37) % 61 }

  static func members(_ order: BatchOrder) -> [[Int]] {
    (0..<order.count).map { Array(order[$0]) }
  }

  @Test(arguments: [1, 8, 32, 500])
  func `an epoch holds each sequence once, in batches of the size asked`(size: Int) {
    let order = BatchOrder.training(
      Self.lengths, batch: size, shuffle: true, epoch: 2, Philox(seed: 5))
    let batches = Self.members(order)
    #expect(batches.flatMap { $0 }.sorted() == Array(0..<203))
    #expect(batches.count == (203 + size - 1) / size)
    #expect(batches.count { $0.count != min(size, 203) } <= 1)
  }

  @Test func `epochs, seeds and trials have orders of their own, always the same`() {
    func order(_ seed: UInt64, _ trial: UInt32, _ epoch: Int) -> [[Int]] {
      Self.members(
        .training(
          Self.lengths, batch: 8, shuffle: true, epoch: epoch, Philox(seed: seed, trial: trial)))
    }
    #expect(order(1, 0, 0) == order(1, 0, 0))
    #expect(Set([order(1, 0, 0), order(2, 0, 0), order(1, 1, 0), order(1, 0, 1)]).count == 4)
  }

  @Test func `without shuffling the order is that of the split`() {
    let order = BatchOrder.training(
      Self.lengths, batch: 50, shuffle: false, epoch: 3, Philox(seed: 5))
    #expect(Self.members(order).flatMap { $0 } == Array(0..<203))
    #expect(Self.members(order).map(\.count) == [50, 50, 50, 50, 3])
  }

  @Test func `batches are nearly rectangular`() {
    let lengths = (0..<4000).map { 1 + ($0 * 7919) % 60 }
    let order = BatchOrder.training(
      lengths, batch: 32, shuffle: true, epoch: 0, Philox(seed: 5))
    let cells = Self.members(order).reduce(0) { sum, batch in
      sum + batch.count * (batch.map { lengths[$0] }.max() ?? 0)
    }
    // Unsorted batches of 32 would come to about 1.9 times the steps.
    #expect(Double(cells) < 1.1 * Double(lengths.reduce(0, +)))
  }

  @Test func `evaluation goes over each sequence once, within the limit of steps`() {
    let batches = Self.members(.evaluation(Self.lengths, steps: 200))
    #expect(batches.flatMap { $0 }.sorted() == Array(0..<203))
    #expect(batches.allSatisfy { $0.reduce(0) { $0 + Self.lengths[$1] } <= 200 })
    let sorted = batches.flatMap { $0 }.map { Self.lengths[$0] }
    #expect(sorted == sorted.sorted(by: >))
  }

  @Test func `targets follow the order of the packed rows`() throws {
    let dataset = Dataset(
      name: "d", inputs: .symbols([[0, 1], [2, 3, 4], [5]], alphabet: 6),
      targets: .steps([[0, 1], [2, 3, -1], [5]], classes: 6), splits: [.train, .train, .train])
    let data = try PreparedData(dataset, DataPlan(split: .init(validation: 0)), seed: 0)
    var packer = BatchPacker(data.train)
    let batch = packer.pack([0, 1, 2])
    #expect(batch.tokens == [2, 0, 5, 3, 1, 4])
    #expect(packer.classes == [2, 0, 5, 3, 1, -1])
  }
}

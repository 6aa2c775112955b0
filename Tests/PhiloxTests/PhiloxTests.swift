import Philox
import Testing

@Suite struct PhiloxTests {
  /// A known answer of the authors' Random123 distribution.
  struct KnownAnswer {
    let counter: SIMD4<UInt32>
    let seed: UInt64
    let words: SIMD4<UInt32>
  }

  static let knownAnswers: [KnownAnswer] = [
    KnownAnswer(
      counter: SIMD4(repeating: 0), seed: 0,
      words: SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)),
    KnownAnswer(
      counter: SIMD4(repeating: .max), seed: .max,
      words: SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)),
    KnownAnswer(
      counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
      seed: 0x299F_31D0_A409_3822,
      words: SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)),
  ]

  @Test(arguments: knownAnswers)
  func `agrees with the published known answers`(answer: KnownAnswer) {
    #expect(Philox(seed: answer.seed).block(answer.counter) == answer.words)
  }

  @Test func `streams, steps, trials and seeds are independent`() {
    var seen: Set<UInt64> = []
    for seed in 0..<3 as Range<UInt64> {
      for trial in 0..<3 as Range<UInt32> {
        for stream in [RandomStream.initialization, .shuffle, .dropout] {
          for step in 0..<3 as Range<UInt32> {
            var sequence = Philox(seed: seed, trial: trial).sequence(stream, step: step)
            seen.insert(sequence.next())
          }
        }
      }
    }
    #expect(seen.count == 81)
  }

  @Test func `a permutation holds each index once`() {
    var sequence = Philox(seed: 3).sequence(.shuffle)
    let order = sequence.permutation(of: 257)
    #expect(order.sorted() == Array(0..<257))
    #expect(order != Array(0..<257))
  }

  @Test func `uniform numbers fill the unit interval evenly`() {
    var sequence = Philox(seed: 11).sequence(.generator)
    var cells = [Int](repeating: 0, count: 10)
    for _ in 0..<10_000 { cells[Int(sequence.uniform() * 10)] += 1 }
    #expect(cells.allSatisfy { (850...1150).contains($0) })
  }
}

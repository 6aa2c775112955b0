package import Philox
package import Recurrent

/// The batches of one pass: sequences in the order in which they are read, and where each batch
/// begins.
package struct BatchOrder {
  private(set) var sequences: [Int] = []
  private(set) var starts: [Int] = []

  /// Batches that are bucketed by length are cut from windows of this many batches: long enough that
  /// the sequences of a batch are nearly equally long, short enough that batches stay random.
  static let window = 16

  package var count: Int { starts.count }

  package subscript(batch: Int) -> ArraySlice<Int> {
    sequences[starts[batch]..<(batch + 1 < count ? starts[batch + 1] : sequences.count)]
  }

  /// The batches of an epoch of training.
  ///
  /// The sequences are permuted, sorted by length within windows, cut into batches, and the batches
  /// permuted. Without shuffling they keep the order of the split.
  package static func training<Lengths: RandomAccessCollection>(
    _ lengths: Lengths, batch size: Int, shuffle: Bool, epoch: Int, _ philox: Philox
  ) -> BatchOrder where Lengths.Element == Int, Lengths.Index == Int {
    guard shuffle else {
      return BatchOrder(
        Array(lengths.indices), batches: stride(from: 0, to: lengths.count, by: size))
    }
    var random = philox.sequence(.shuffle, step: UInt32(truncatingIfNeeded: epoch))
    var order = random.permutation(of: lengths.count)
    let width = size.multipliedReportingOverflow(by: window)
    let span = width.overflow ? lengths.count : width.partialValue
    for start in stride(from: 0, to: order.count, by: max(span, 1)) {
      let end = min(order.count - start, span) + start
      // The permuted place breaks ties, so that the order depends on nothing but the permutation.
      let sorted = order[start..<end].enumerated().sorted {
        (lengths[$1.element], $0.offset) < (lengths[$0.element], $1.offset)
      }
      for (offset, element) in sorted.enumerated() { order[start + offset] = element.element }
    }
    var batches = Array(stride(from: 0, to: order.count, by: size))
    random.shuffle(&batches)
    var shuffled = BatchOrder()
    shuffled.sequences.reserveCapacity(order.count)
    for batch in batches {
      shuffled.starts.append(shuffled.sequences.count)
      shuffled.sequences += order[batch..<min(order.count - batch, size) + batch]
    }
    return shuffled
  }

  /// Large batches in the order of length, for evaluation: at most `steps` steps each.
  package static func evaluation<Lengths: RandomAccessCollection>(
    _ lengths: Lengths, steps limit: Int
  ) -> BatchOrder where Lengths.Element == Int, Lengths.Index == Int {
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    var batches = BatchOrder()
    var steps = 0
    for (place, sequence) in order.enumerated() {
      if place == 0 || steps + lengths[sequence] > limit {
        batches.starts.append(place)
        steps = 0
      }
      steps += lengths[sequence]
    }
    batches.sequences = order
    return batches
  }

  private init() {}

  private init(_ sequences: [Int], batches: some Sequence<Int>) {
    self.sequences = sequences
    starts = Array(batches)
  }
}

/// What is asked of a batch, in the order in which a model answers.
package struct BatchAnswers {
  /// The classes, if classes are asked.
  package var classes: [Int32] = []
  /// The numbers, if numbers are asked, as many a row as are asked of a sequence.
  package var numbers: [Float] = []
  /// Of forecasts: the same in units of the data; not a number where nothing was measured.
  package var truths: [Float] = []
  /// Of forecasts of differences: what these begin at, in units of the data.
  package var anchors: [Float] = []

  mutating func removeAll() {
    classes.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    truths.removeAll(keepingCapacity: true)
    anchors.removeAll(keepingCapacity: true)
  }
}

/// Packs batches of a split, with their targets in the order in which a model answers.
package struct BatchPacker {
  private let split: Sequences
  /// What is asked of the last batch packed.
  package private(set) var answers = BatchAnswers()
  /// The classes that are asked in the last batch packed.
  package var classes: [Int32] { answers.classes }

  package init(_ split: Sequences) { self.split = split }

  /// Packs the sequences of a batch.
  package mutating func pack(_ members: ArraySlice<Int>) -> PackedBatch<Float> {
    let batch: PackedBatch<Float>
    switch split.elements {
    case .tokens, .symbols: batch = PackedBatch(tokens: members.map { split.tokens($0) })
    case .values, .stored, .bytes:
      batch = PackedBatch(
        values: members.map { Array(split.values($0)) }, channels: split.channelCount)
    }
    let first = members.startIndex
    answers.removeAll()
    switch split.answers {
    case .classes(let all):
      for place in batch.order { answers.classes.append(all[members[first + place]]) }
    case .numbers(let all):
      for place in batch.order {
        let member = members[first + place]
        answers.numbers += all.scaled[member * all.width..<(member + 1) * all.width]
      }
    case .forecast(let asked):
      for place in batch.order {
        let origin = split.origin(members[first + place])
        answers.numbers += asked.numbers(origin)
        answers.truths += asked.truths(origin, steps: asked.width)
        answers.anchors += asked.anchors(origin, steps: asked.width)
      }
    case .steps, .following:
      let classes = batch.order.map { split.stepClasses(members[first + $0]) }
      for (step, size) in batch.batchSizes.enumerated() {
        for place in 0..<size { answers.classes.append(classes[place][step]) }
      }
    }
    return batch
  }
}

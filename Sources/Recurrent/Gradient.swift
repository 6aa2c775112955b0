/// The gradient of every parameter, in the layout of the parameters.
///
/// It knows which parts can differ from zero: of an embedding, only the rows that were used. Zeroing,
/// the norm and clipping pass over these parts alone.
public final class Gradient<S: Scalar> {
  /// The gradient itself, in the layout of the parameters.
  public let buffer: Buffer<S>
  /// What lies outside the embedding: always counted.
  private let dense: Range<Int>
  private let rowWidth: Int
  private let kernels = S.kernels
  /// For each row of the embedding, whether it was used since the last zeroing.
  private var isUsed: [Bool]
  private var usedRows: [Int32] = []
  private var ranges: [Range<Int>]
  private var isCurrent = true

  init(_ layout: ParameterLayout) {
    buffer = Buffer(count: layout.bufferCount)
    let embedding = layout["embedding.weight"]
    let denseStart = embedding == nil ? 0 : layout.entries[1].offset
    dense = denseStart..<layout.bufferCount
    rowWidth = embedding?.shape[1] ?? 0
    isUsed = Array(repeating: false, count: embedding?.shape[0] ?? 0)
    ranges = [dense]
  }

  /// The parts outside which every component is zero: disjoint, in order.
  public var nonzeroRanges: [Range<Int>] {
    if !isCurrent {
      findRanges()
      isCurrent = true
    }
    return ranges
  }

  /// Sets every component to zero.
  public func zero() {
    for range in nonzeroRanges {
      (buffer.pointer + range.lowerBound).zero(count: range.count)
    }
    for row in usedRows { isUsed[Int(row)] = false }
    usedRows.removeAll(keepingCapacity: true)
    if ranges.count > 1 { isCurrent = false }
  }

  /// The Euclidean norm of the whole gradient.
  public var norm: Double {
    var sum = 0.0
    for range in nonzeroRanges {
      sum += kernels.vectorSquareSum(range.count, buffer.pointer + range.lowerBound)
    }
    return sum.squareRoot()
  }

  /// Multiplies every component by `factor`.
  public func scale(by factor: Double) {
    for range in nonzeroRanges {
      kernels.vectorScale(range.count, S(factor), buffer.pointer + range.lowerBound)
    }
  }

  /// Limits every component to `-bound...bound`.
  public func clamp(to bound: Double) {
    for range in nonzeroRanges {
      kernels.vectorClamp(range.count, S(bound), buffer.pointer + range.lowerBound)
    }
  }

  private func findRanges() {
    ranges.removeAll(keepingCapacity: true)
    isUsed.withUnsafeBufferPointer { isUsed in
      var row = 0
      while row < isUsed.count {
        let start = row
        while row < isUsed.count && isUsed[row] { row += 1 }
        if row > start { ranges.append(start * rowWidth..<row * rowWidth) }
        row += 1
      }
    }
    ranges.append(dense)
  }

  /// Says that any row of the embedding may differ from zero.
  func useAllRows() {
    for row in isUsed.indices where !isUsed[row] {
      isUsed[row] = true
      usedRows.append(Int32(row))
      isCurrent = false
    }
  }

  /// Says that rows of the embedding may differ from zero from now on.
  func use(rows: UnsafeBufferPointer<Int32>) {
    for row in rows where !isUsed[Int(row)] {
      isUsed[Int(row)] = true
      usedRows.append(row)
      isCurrent = false
    }
  }
}

/// A gradient belongs to one thread at a time.
@available(*, unavailable)
extension Gradient: Sendable {}

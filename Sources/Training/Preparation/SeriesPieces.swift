/// The steps of all series, one piece after the other; no piece belongs to two series.
struct SeriesPieces: Sequence, IteratorProtocol {
  struct Piece {
    let row: Int
    /// Where it lies among the steps of all series.
    let steps: Range<Int>
    /// Its values, step by step; without gaps, if they are filled.
    var values: [Float]
    /// Whether each value was filled; empty if none is.
    var isFilled: [Bool]

    /// The values of a channel.
    func channel(_ channel: Int, of width: Int) -> [Float] {
      stride(from: channel, to: values.count, by: width).map { values[$0] }
    }
  }

  /// The values of a piece are at most about so many.
  private static let size = 1 << 16

  private let inputs: Dataset.Inputs
  private let width: Int
  private let features: ValueFeatures?
  /// Where each series ends.
  private let ends: [Int]
  private var row = 0
  private var start = 0
  private var last: [Float]

  /// - Parameters:
  ///   - inputs: The series.
  ///   - width: The channels of a step.
  ///   - features: How gaps are filled; nil: not at all.
  init(_ inputs: Dataset.Inputs, width: Int, _ features: ValueFeatures? = nil) {
    (self.inputs, self.width, self.features) = (inputs, width, features)
    var ends: [Int] = []
    for length in inputs.lengths { ends.append((ends.last ?? 0) + length) }
    self.ends = ends
    last = features?.fill ?? []
  }

  mutating func next() -> Piece? {
    while row < ends.count, start == ends[row] {
      row += 1
      last = features?.fill ?? []
    }
    guard row < ends.count else { return nil }
    let count = Swift.min(ends[row] - start, Swift.max(Self.size / width, 1))
    let steps = start..<start + count
    start = steps.upperBound
    let values = inputs.values(steps.lowerBound * width..<steps.upperBound * width)
    guard let features else {
      return Piece(row: row, steps: steps, values: values, isFilled: [])
    }
    let filled = features.filled(values, after: &last)
    return Piece(row: row, steps: steps, values: filled.values, isFilled: filled.isFilled)
  }

  /// What lies in a range of each series.
  ///
  /// - Parameters:
  ///   - values: The values of a piece.
  ///   - range: The steps that are wanted of a series.
  /// - Returns: Their values, a slice for each piece.
  func slices(
    _ values: @escaping (Piece) -> [Float] = { $0.values }, _ range: @escaping (Int) -> Range<Int>
  ) -> some Sequence<ArraySlice<Float>> {
    lazy.compactMap { piece -> ArraySlice<Float>? in
      let wanted = piece.steps.clamped(to: range(piece.row))
      guard !wanted.isEmpty else { return nil }
      let (first, last) = (
        wanted.lowerBound - piece.steps.lowerBound, wanted.upperBound - piece.steps.lowerBound
      )
      return values(piece)[first * width..<last * width]
    }
  }
}

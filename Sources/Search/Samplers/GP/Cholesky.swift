/// The lower triangle L with `L Lᵀ = A` of a positive definite matrix that grows by rows.
///
/// A row is computed from those above it alone, so that a matrix that grew has bit for bit the factor
/// that it has when it is factored at once.
struct Cholesky: Sendable {
  /// How many rows there are.
  private(set) var count = 0
  /// The rows one after the other, each up to its diagonal.
  private(set) var elements: [Double] = []
  /// The reciprocals of the diagonal.
  private(set) var reciprocals: [Double] = []

  /// Where a row starts in ``elements``.
  @inline(__always) static func start(_ row: Int) -> Int { row * (row + 1) / 2 }

  /// Adds a row of A.
  ///
  /// - Parameter row: The row up to and with its diagonal: one number more than there are rows.
  /// - Returns: False if the matrix is not positive definite with this row; it is left out then.
  /// - Complexity: O(count²).
  mutating func append(_ row: UnsafeBufferPointer<Double>) -> Bool {
    precondition(row.count == count + 1, "a row of \(row.count) numbers for \(count) rows")
    let start = elements.count
    elements.append(contentsOf: row)
    let square = elements.withUnsafeMutableBufferPointer { buffer -> Double in
      guard let base = buffer.baseAddress else { return 0 }
      let last = base + start
      var above = UnsafePointer(base)
      for column in 0..<count {
        last[column] = (last[column] - Lanes.dot(last, above, count: column)) * reciprocals[column]
        above += column + 1
      }
      return last[count] - Lanes.dot(last, last, count: count)
    }
    guard square > 0, square.isFinite else {
      elements.removeLast(row.count)
      return false
    }
    let root = square.squareRoot()
    elements[elements.count - 1] = root
    reciprocals.append(1 / root)
    count += 1
    return true
  }

  /// Adds a row of A.
  mutating func append(_ row: [Double]) -> Bool {
    row.withUnsafeBufferPointer { append($0) }
  }

  /// Keeps the first rows only.
  mutating func truncate(to rows: Int) {
    guard rows < count else { return }
    elements.removeLast(elements.count - Self.start(rows))
    reciprocals.removeLast(count - rows)
    count = rows
  }

  /// `L⁻¹ b`, in place.
  func solveForward(_ numbers: inout [Double]) {
    precondition(numbers.count == count, "\(numbers.count) numbers for \(count) rows")
    numbers.withUnsafeMutableBufferPointer { buffer in
      elements.withUnsafeBufferPointer { elements in
        guard let vector = buffer.baseAddress, var row = elements.baseAddress else { return }
        for index in 0..<count {
          let sum = Lanes.dot(row, vector, count: index)
          vector[index] = (vector[index] - sum) * reciprocals[index]
          row += index + 1
        }
      }
    }
  }

  /// `L⁻ᵀ b`, in place.
  func solveBackward(_ numbers: inout [Double]) {
    precondition(numbers.count == count, "\(numbers.count) numbers for \(count) rows")
    numbers.withUnsafeMutableBufferPointer { buffer in
      elements.withUnsafeBufferPointer { elements in
        guard let vector = buffer.baseAddress, let base = elements.baseAddress else { return }
        for index in stride(from: count - 1, through: 0, by: -1) {
          vector[index] *= reciprocals[index]
          Lanes.add(base + Self.start(index), times: -vector[index], to: vector, count: index)
        }
      }
    }
  }

  /// `L⁻¹ b` of eight vectors at once, in place: number `i` of each is in `vectors[i]`.
  func solveForward(_ vectors: UnsafeMutableBufferPointer<Lanes>) {
    precondition(vectors.count >= count, "\(vectors.count) numbers for \(count) rows")
    elements.withUnsafeBufferPointer { elements in
      guard let vector = vectors.baseAddress, var row = elements.baseAddress else { return }
      for index in 0..<count {
        // Two sums, since one alone would wait for each addition.
        var even = vector[index]
        var odd = Lanes()
        var column = 0
        while column + 2 <= index {
          even -= vector[column] * row[column]
          odd -= vector[column + 1] * row[column + 1]
          column += 2
        }
        if column < index { even -= vector[column] * row[column] }
        vector[index] = (even + odd) * reciprocals[index]
        row += index + 1
      }
    }
  }

  /// `½ log det A`, the sum of the logarithms of the diagonal.
  var halfLogDeterminant: Double {
    reciprocals.reduce(0) { $0 - Exponential.log($1) }
  }
}

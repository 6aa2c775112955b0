/// Rows of equal width, one after the other. The memory grows when it must and is kept when the
/// matrix shrinks, so that a warm workspace allocates nothing.
public final class Matrix<S: Scalar> {
  /// The number of rows.
  public private(set) var rows: Int
  /// The width of a row.
  public private(set) var columns: Int
  private var storage: Buffer<S>

  /// A matrix of zeros.
  public init(rows: Int = 0, columns: Int = 0) {
    self.rows = rows
    self.columns = columns
    storage = Buffer(count: rows * columns)
  }

  /// A matrix with the given elements, row by row.
  public convenience init(rows: Int, columns: Int, _ elements: [S]) {
    precondition(elements.count == rows * columns, "\(elements.count) scalars, \(rows)×\(columns)")
    self.init(rows: rows, columns: columns)
    storage.assign(elements)
  }

  /// The number of elements.
  public var count: Int { rows * columns }

  /// The first element; valid until the next ``reshape(rows:columns:)``.
  public var pointer: UnsafeMutablePointer<S> { storage.pointer }

  /// The element at a row and a column.
  public subscript(row: Int, column: Int) -> S {
    get {
      precondition(
        0 <= row && row < rows && 0 <= column && column < columns,
        "element [\(row), \(column)] of [\(rows), \(columns)]")
      return storage.pointer[row * columns + column]
    }
    set {
      precondition(
        0 <= row && row < rows && 0 <= column && column < columns,
        "element [\(row), \(column)] of [\(rows), \(columns)]")
      storage.pointer[row * columns + column] = newValue
    }
  }

  /// A copy of all elements, row by row.
  public var elements: [S] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Calls `body` with a view of the elements, row by row.
  public func withSpan<Result>(_ body: (Span<S>) throws -> Result) rethrows -> Result {
    try body(UnsafeBufferPointer(start: pointer, count: count).span)
  }

  /// Changes the shape. The elements are undefined afterwards.
  public func reshape(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "no matrix is [\(rows), \(columns)]")
    self.rows = rows
    self.columns = columns
    if storage.count < count { storage = Buffer(count: count) }
  }

  /// Sets every element to zero.
  public func zero() {
    pointer.zero(count: count)
  }

  /// The first element of a row; rows and offsets are checked by the caller.
  func row(_ index: Int) -> UnsafeMutablePointer<S> { storage.pointer + index * columns }
}

/// A matrix belongs to one thread at a time.
@available(*, unavailable)
extension Matrix: Sendable {}

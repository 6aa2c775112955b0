import Glibc

/// 2 MB, the large pages of x86-64 and of most ARM systems.
private let largePage = 1 << 21

/// A fixed number of scalars on a 64-byte boundary, zero at first.
///
/// The alignment makes loops and products take the same way through their vectors every time, so
/// that the same inputs give the same bits. A buffer belongs to one thread at a time.
public final class Buffer<S: Scalar> {
  /// The number of scalars.
  public let count: Int
  /// The first scalar; valid as long as the buffer lives.
  public let pointer: UnsafeMutablePointer<S>

  /// Takes room for `count` zeros.
  public init(count: Int) {
    precondition(count >= 0, "a buffer cannot hold \(count) scalars")
    self.count = count
    let bytes = max(count, 1) * MemoryLayout<S>.stride
    let isLarge = bytes >= 2 * largePage
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: isLarge ? largePage : 64)
    // Weights and gates of megabytes are walked through in every step: with small pages the `wide` rows
    // of `unroll bench cells` take 4 % longer. A system that refuses does no harm.
    if isLarge { madvise(raw, bytes, MADV_HUGEPAGE) }
    pointer = raw.bindMemory(to: S.self, capacity: max(count, 1))
    pointer.zero(count: count)
  }

  /// Takes a copy of `elements`.
  public convenience init(_ elements: [S]) {
    self.init(count: elements.count)
    assign(elements)
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  /// The scalar at `index`.
  public subscript(index: Int) -> S {
    get {
      precondition(0 <= index && index < count, "index \(index) of a buffer of \(count)")
      return pointer[index]
    }
    set {
      precondition(0 <= index && index < count, "index \(index) of a buffer of \(count)")
      pointer[index] = newValue
    }
  }

  /// A copy of all scalars.
  public var elements: [S] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Replaces all scalars.
  ///
  /// - Precondition: There are as many elements as before.
  public func assign(_ elements: [S]) {
    precondition(
      elements.count == count, "\(elements.count) scalars for a buffer of \(count)")
    elements.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.copy(from: base, count: count) }
    }
  }

  /// Replaces all scalars by those of another buffer of the same size.
  public func assign(_ other: Buffer<S>) {
    precondition(other.count == count, "\(other.count) scalars for a buffer of \(count)")
    pointer.copy(from: other.pointer, count: count)
  }

  /// Calls `body` with a view of the scalars.
  public func withSpan<Result>(_ body: (Span<S>) throws -> Result) rethrows -> Result {
    try body(UnsafeBufferPointer(start: pointer, count: count).span)
  }

  /// Calls `body` with the memory of the scalars, in the byte order of the machine.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(
      UnsafeRawBufferPointer(start: pointer, count: count * MemoryLayout<S>.stride))
  }

  /// Calls `body` with the memory of the scalars, to be overwritten.
  public func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(
      UnsafeMutableRawBufferPointer(start: pointer, count: count * MemoryLayout<S>.stride))
  }
}

/// A buffer belongs to one thread at a time.
@available(*, unavailable)
extension Buffer: Sendable {}

extension UnsafeMutablePointer where Pointee: Scalar {
  /// Sets scalars to zero. Generic code would store them one by one.
  func zero(count: Int) {
    // A zero of every Scalar is all zero bits.
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.stride)
  }

  /// Copies scalars that do not overlap.
  func copy(from source: UnsafePointer<Pointee>, count: Int) {
    UnsafeMutableRawPointer(self).copyMemory(
      from: source, byteCount: count * MemoryLayout<Pointee>.stride)
  }
}

internal import FoundationEssentials
internal import Glibc

/// Numbers that are made of a dataset one after the other and read from then on. Many of them lie in a file
/// without a name, so that the system can take their memory back; where there is no room for the file, it is
/// memory like any other.
final class NumberWriter<Number: BitwiseCopyable> {
  /// How many bytes are not worth a file.
  private static var few: Int { 1 << 20 }

  private let memory: UnsafeMutableRawPointer
  /// The bytes of ``memory``.
  private let size: Int
  private let isMapped: Bool
  /// How many numbers there are.
  private(set) var count = 0
  private var isFinished = false

  /// No numbers yet.
  ///
  /// - Parameter capacity: How many there will be at most.
  init(capacity: Int) {
    size = capacity * MemoryLayout<Number>.size
    if size > Self.few, let memory = try? ScratchFile().memory(count: size) {
      (self.memory, isMapped) = (memory, true)
    } else {
      guard let memory = malloc(max(size, 1)) else {
        preconditionFailure("no memory for \(size) bytes")
      }
      (self.memory, isMapped) = (memory, false)
    }
  }

  /// Numbers that are put in their places later.
  ///
  /// - Parameter count: How many there are.
  convenience init(places count: Int) {
    self.init(capacity: count)
    self.count = count
  }

  deinit {
    if !isFinished { Self.release(memory, size, isMapped) }
  }

  private static func release(_ memory: UnsafeMutableRawPointer, _ size: Int, _ isMapped: Bool) {
    if isMapped { munmap(memory, size) } else { free(memory) }
  }

  /// Appends a number.
  ///
  /// - Precondition: There is room for it.
  func append(_ number: Number) {
    let start = room(for: 1)
    memory.storeBytes(of: number, toByteOffset: start, as: Number.self)
  }

  /// Appends numbers.
  ///
  /// - Precondition: There is room for them.
  func append(contentsOf numbers: [Number]) {
    let start = room(for: numbers.count)
    numbers.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { memcpy(memory + start, source, bytes.count) }
    }
  }

  /// Puts a number in its place.
  func put(_ number: Number, at place: Int) {
    precondition(place < count, "a place beyond the last")
    memory.storeBytes(of: number, toByteOffset: place * MemoryLayout<Number>.size, as: Number.self)
  }

  /// Where so many more numbers go.
  private func room(for more: Int) -> Int {
    let width = MemoryLayout<Number>.size
    let start = count * width
    precondition(start + more * width <= size, "more numbers than were said")
    count += more
    return start
  }

  /// The bytes of all numbers. It is called once, at the end.
  func finish() -> Data {
    isFinished = true
    let (size, isMapped) = (size, isMapped)
    return Data(
      bytesNoCopy: memory, count: count * MemoryLayout<Number>.size,
      deallocator: .custom { memory, _ in Self.release(memory, size, isMapped) })
  }
}

extension NumberSequences {
  /// Numbers in one sequence.
  init(_ writer: NumberWriter<Number>) {
    let count = writer.count
    self.init(writer.finish(), lengths: [count])
  }
}

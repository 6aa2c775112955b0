import Synchronization

/// Values that several threads hand in, for a test to look at.
public final class Collected<Value: Sendable>: Sendable {
  private let storage = Mutex<[Value]>([])

  /// Nothing yet.
  public init() {}

  /// Adds a value.
  public func append(_ value: Value) { storage.withLock { $0.append(value) } }

  /// What was handed in so far, in order of arrival.
  public var values: [Value] { storage.withLock { $0 } }
}

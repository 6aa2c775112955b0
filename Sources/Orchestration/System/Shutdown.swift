public import Dispatch
public import Glibc
import Synchronization

/// The wish that this process ends soon: a signal, or a parent that is gone.
public final class Shutdown: Sendable {
  private let requested = Atomic(false)
  private let asked = DispatchGroup()
  private let sources = Locked<[Source]>([])

  // @unchecked Sendable: a source is resumed once, then only kept alive.
  private struct Source: @unchecked Sendable {
    let source: any DispatchSourceProtocol
  }

  /// Nobody has asked yet, and no signal is listened for.
  public init() {
    asked.enter()
  }

  /// Whether it was asked for.
  public var isRequested: Bool { requested.load(ordering: .acquiring) }

  /// Asks; once is enough.
  public func request() {
    if !requested.exchange(true, ordering: .acquiringAndReleasing) { asked.leave() }
  }

  /// Waits until it is asked for, for so long at most.
  ///
  /// - Returns: Whether it was asked for.
  @discardableResult
  public func wait(_ time: DispatchTimeInterval) -> Bool {
    asked.wait(timeout: .now() + time) == .success
  }

  /// The same for a duration.
  @discardableResult
  public func wait(for time: Duration) -> Bool { wait(time.interval) }

  /// Calls `action` on a queue of Dispatch's as soon as it is asked for.
  public func whenRequested(_ action: @escaping @Sendable () -> Void) {
    asked.notify(queue: .global(), execute: action)
  }

  /// Listens for SIGTERM and SIGINT. The second SIGINT ends the process at once, for whoever
  /// presses Control-C again.
  public func listenForSignals() {
    for number in [SIGTERM, SIGINT] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [self] in
        if number == SIGINT && isRequested { _exit(130) }
        request()
      }
      keep(Source(source: source))
    }
  }

  /// Asks when the parent is gone, so that no worker outlives a killed `unroll up`.
  ///
  /// - Parameter parent: The process id that the parent had when it started this process.
  public func watchParent(_ parent: pid_t) {
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now(), repeating: .milliseconds(500))
    timer.setEventHandler { [self] in
      if getppid() != parent { request() }
    }
    keep(Source(source: timer))
  }

  private func keep(_ source: Source) {
    source.source.resume()
    sources.withLock { $0.append(source) }
  }
}

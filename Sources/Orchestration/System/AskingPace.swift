/// How often something is asked whose answer costs whom is asked.
public struct AskingPace: Sendable {
  // Longer than this nobody waits for news, also if an answer was late for another reason.
  private static let most = Duration.seconds(60)

  private let least: Duration
  private var took = Duration.zero

  /// - Parameter least: The shortest pause, however soon an answer comes.
  public init(least: Duration) {
    self.least = least
  }

  /// Notes how long an answer took.
  public mutating func answered(after time: Duration) {
    took = time
  }

  /// The pause before the next question: ten times what the last answer took, so that questions take an
  /// eleventh of the time at most.
  public var pause: Duration { max(least, min(took * 10, Self.most)) }
}

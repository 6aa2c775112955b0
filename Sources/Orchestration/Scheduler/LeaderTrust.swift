/// Whether this scheduler may act as the leader, judged without asking the database.
///
/// The lease in the database runs from the moment the server wrote it, which is later than the
/// moment the request left. Counting from the request, minus a margin, a slow answer can only
/// shorten the time in which this process trusts itself, never stretch it. A turn that began in trust
/// may end without: what keeps the data safe is that each write proves the term.
package struct LeaderTrust: Equatable, Sendable {
  /// What to do now.
  package enum Action: Equatable {
    /// Ask the database for the lease, or to renew it.
    case ask
    /// Do the leader's work under this term.
    case lead(term: Int)
    /// Another one leads.
    case standBy
  }

  private enum State: Equatable {
    case follower(nextQuestion: ContinuousClock.Instant)
    case leader(term: Int, renewAt: ContinuousClock.Instant, trustedUntil: ContinuousClock.Instant)
  }

  private let lease: Duration
  private var state: State

  /// - Parameters:
  ///   - lease: How long the database keeps the lease for who asked last.
  ///   - now: The first question is due at once.
  package init(lease: Duration, now: ContinuousClock.Instant) {
    precondition(lease > .zero, "a lease of \(lease)")
    self.lease = lease
    state = .follower(nextQuestion: now)
  }

  /// What is due.
  package func due(at now: ContinuousClock.Instant) -> Action {
    switch state {
    case .follower(let nextQuestion):
      return now >= nextQuestion ? .ask : .standBy
    case .leader(let term, let renewAt, let trustedUntil):
      return now >= trustedUntil || now >= renewAt ? .ask : .lead(term: term)
    }
  }

  /// The database granted the lease for a request that left at `asked`.
  package mutating func granted(term: Int, asked: ContinuousClock.Instant) {
    state = .leader(
      term: term, renewAt: asked + lease / 3, trustedUntil: asked + lease - lease / 10)
  }

  /// The database said that another one leads, or did not answer.
  package mutating func refused(at now: ContinuousClock.Instant) {
    state = .follower(nextQuestion: now + lease / 4)
  }

  /// An answer did not come: a leader goes on while it is trusted, and asks again soon.
  package mutating func unanswered(at now: ContinuousClock.Instant) {
    guard case .leader(let term, _, let trustedUntil) = state, now < trustedUntil else {
      return refused(at: now)
    }
    state = .leader(term: term, renewAt: now + lease / 20, trustedUntil: trustedUntil)
  }
}

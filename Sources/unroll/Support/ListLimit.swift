import ArgumentParser

/// How much a person wants to have at most.
enum ListLimit {
  /// Refuses what leaves nothing, as if there were nothing.
  ///
  /// - Parameter limit: What was said behind `--limit`; nil if nothing was.
  /// - Throws: `ValidationError`.
  static func check(_ limit: Int?) throws {
    guard let limit, limit < 1 else { return }
    throw ValidationError("--limit: found \(limit), allowed: an integer of at least 1")
  }
}

/// An artifact as a sweep names it: TRIAL/NAME.
struct ArtifactReference: Hashable, Sendable {
  /// The number of the trial.
  let trial: Int
  /// The name of the artifact.
  let name: String

  /// Nil for a text of another form.
  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, let trial = Int(parts[0]), trial > 0 else { return nil }
    (self.trial, name) = (trial, String(parts[1]))
  }
}

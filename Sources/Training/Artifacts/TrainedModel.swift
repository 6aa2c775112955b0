internal import Recurrent

/// A model read back from its artifacts, with what its inputs and outputs mean. It belongs to one
/// thread at a time.
final class TrainedModel {
  /// What was trained, and how its inputs and outputs are to be read.
  let document: PlanDocument
  let model: Model<Float>
  /// The tokens by index, for texts.
  let vocabulary: [String]?
  /// Texts as indices of the vocabulary.
  let encoder: TextEncoder?

  /// Reads a model.
  ///
  /// - Parameter artifacts: The bytes by name: `model.safetensors`, `plan.json` and, for texts,
  ///   `vocabulary.json`.
  /// - Throws: ``ArtifactError`` if one is missing or does not fit the others.
  init(_ artifacts: [String: [UInt8]]) throws(ArtifactError) {
    func bytes(_ name: String) throws(ArtifactError) -> [UInt8] {
      guard let bytes = artifacts[name] else {
        throw ArtifactError(artifact: name, found: "nothing", allowed: "the artifact of a trial")
      }
      return bytes
    }
    document = try PlanDocument(decoding: try bytes(Artifact.Name.plan))
    if let tokens = document.encoding.tokens {
      let content = try bytes(Artifact.Name.vocabulary)
      guard let words = try? CanonicalJSON.decode([String].self, from: content),
        words.count == document.encoding.vocabularySize, words.count >= Vocabulary.special.count
      else {
        throw ArtifactError(
          artifact: Artifact.Name.vocabulary, found: "another document",
          allowed: "an array of \(document.encoding.vocabularySize ?? 0) strings")
      }
      vocabulary = words
      encoder = TextEncoder(
        Tokenizer(tokens), Vocabulary(words: Array(words.dropFirst(Vocabulary.special.count))))
    } else {
      vocabulary = nil
      encoder = nil
    }
    model = Model(document.network)
    try model.load(try bytes(Artifact.Name.model), named: Artifact.Name.model)
  }
}

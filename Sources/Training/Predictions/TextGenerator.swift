internal import Glibc
internal import Philox
internal import Recurrent

/// Writes text with a language model, token by token. It belongs to one thread at a time.
///
/// The state goes on from token to token: each costs one step of the model, however long the text is
/// already.
public final class TextGenerator {
  /// How to choose the next token.
  public struct Choice: Hashable, Sendable {
    /// What logits are divided by: 0 takes the most probable token, 1 the model's own probabilities, more
    /// is more even.
    public var temperature: Double
    /// Only so many of the most probable tokens; nil: all.
    public var top: Int?
    /// The seed of the draws.
    public var seed: UInt64

    /// A way to choose.
    ///
    /// - Parameters:
    ///   - temperature: What logits are divided by, at least 0.
    ///   - top: How many of the most probable tokens, at least 1.
    ///   - seed: The seed of the draws.
    public init(temperature: Double = 1, top: Int? = nil, seed: UInt64 = 0) {
      self.temperature = temperature
      self.top = top
      self.seed = seed
    }
  }

  private let trained: TrainedModel
  private let vocabulary: [String]
  private let encoder: TextEncoder
  private var states: [RecurrentState<Float>]

  /// Whether tokens are words, to be set apart by spaces.
  private let isWords: Bool

  /// Reads a language model of texts; see ``Predictor/init(_:)``.
  public init(_ artifacts: [String: [UInt8]]) throws(ArtifactError) {
    trained = try TrainedModel(artifacts)
    guard trained.document.encoding.task == .language, let vocabulary = trained.vocabulary,
      let encoder = trained.encoder
    else {
      throw ArtifactError(
        artifact: "model", found: "a model for the task \(trained.document.encoding.task.rawValue)",
        allowed: "a language model of texts (dataset.task: language)")
    }
    self.vocabulary = vocabulary
    self.encoder = encoder
    isWords = trained.document.encoding.tokens == .words
    states = [RecurrentState(trained.model.plan), RecurrentState(trained.model.plan)]
  }

  /// The tokens of a text that the model does not know.
  public func unknownTokens(in text: String) -> Int {
    text.isEmpty ? 0 : encoder.encode(text).count { $0 == Vocabulary.unknown }
  }

  /// Continues a text.
  ///
  /// - Parameters:
  ///   - prompt: What stands before; after an empty one the model begins as it would on a new line.
  ///   - length: How many tokens to write.
  ///   - choice: How to choose them.
  ///   - onToken: Given each piece of text as soon as it is known.
  /// - Throws: What `onToken` throws.
  public func generate(
    after prompt: String, length: Int, _ choice: Choice, onToken: (String) throws -> Void
  ) rethrows {
    let philox = Philox(seed: choice.seed)
    states[0].reset(sequences: 1)
    var last = prompt
    var tokens = prompt.isEmpty ? start : encoder.encode(prompt)
    for step in 0..<length {
      let next = self.next(after: tokens, choice, philox, step: UInt32(truncatingIfNeeded: step))
      let piece = vocabulary[Int(next)]
      try onToken(isWords && Self.isSpaced(last, piece) ? " " + piece : piece)
      last = piece
      tokens = [next]
    }
  }

  /// What a text without a beginning begins after.
  private var start: [Int32] {
    [vocabulary.firstIndex(of: "\n").map { Int32($0) } ?? Vocabulary.unknown]
  }

  /// Reads tokens, going on from the state, and chooses the next one.
  private func next(
    after tokens: [Int32], _ choice: Choice, _ philox: Philox, step: UInt32
  ) -> Int32 {
    let packed = PackedBatch<Float>(tokens: [tokens])
    let result = trained.model.forward(packed, from: states[0])
    let row = result.pointer + (tokens.count - 1) * result.columns
    let loss = trained.document.plan.training.loss
    let scores = (0..<result.columns).map { loss.score(Double(row[$0])) }
    trained.model.copyState(of: packed, into: states[1])
    states.swapAt(0, 1)
    var random = philox.sequence(.generation, step: step)
    return Int32(Self.draw(scores, choice, uniform: random.uniform()))
  }

  /// Draws a token.
  ///
  /// - Parameters:
  ///   - logits: Of all tokens, or other scores whose softmax is meant; those that stand for no text, the
  ///     first two, are never drawn.
  ///   - choice: The temperature and how many tokens.
  ///   - uniform: A number from 0 up to, but not including, 1.
  /// - Returns: The index of the token.
  package static func draw(_ logits: [Double], _ choice: Choice, uniform: Double) -> Int {
    let special = Vocabulary.special.count
    var order = Array(special..<max(logits.count, special + 1))
    guard order.count > 1, logits.count > special else { return order[0] }
    order.sort { (logits[$1], $0) < (logits[$0], $1) }
    guard choice.temperature > 0 else { return order[0] }
    if let top = choice.top { order = Array(order.prefix(max(top, 1))) }
    let largest = logits[order[0]]
    let weights = order.map { exp((logits[$0] - largest) / choice.temperature) }
    var left = uniform * weights.reduce(0, +)
    for (place, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return order[place] }
    }
    // Only rounding leads here.
    return order[order.count - 1]
  }

  /// Whether a space stands between two words or signs.
  package static func isSpaced(_ left: String, _ right: String) -> Bool {
    guard let before = left.last, !before.isWhitespace else { return false }
    return
      !([".", ",", ";", ":", "!", "?", ")", "]", "%"].contains(right)
      || ["(", "[", "$", "£"].contains(before))
  }
}

/// A generator belongs to one thread at a time.
@available(*, unavailable)
extension TextGenerator: Sendable {}

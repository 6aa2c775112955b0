import Recurrent
import Testing
import Training

@Suite struct TextGeneratorTests {
  private static func language(
    _ cell: ModelPlan.Cell = .lstm, tokens: DataPlan.Tokens = .characters
  ) throws -> [String: [UInt8]] {
    let text = Dataset(
      name: "d", inputs: .texts([String(repeating: "abc de, fg\n", count: 2000)]), targets: .none)
    return try ArtifactTests.train(
      text, ModelSettings(cell: cell, hidden: 12, layers: 2, embedding: 4),
      data: DataPlan(tokens: tokens, maximumLength: 16)
    ).2
  }

  private static func text(
    _ generator: TextGenerator, _ prompt: String, _ length: Int, _ choice: TextGenerator.Choice
  ) -> String {
    var text = ""
    generator.generate(after: prompt, length: length, choice) { text += $0 }
    return text
  }

  @Test(arguments: [ModelPlan.Cell.rnn, .lstm, .gru])
  func `a state that goes on gives what reading from the start gives`(cell: ModelPlan.Cell) throws {
    let artifacts = try Self.language(cell)
    let greedy = TextGenerator.Choice(temperature: 0)
    let text = Self.text(try TextGenerator(artifacts), "abc", 10, greedy)
    #expect(text.count == 10)
    // The predictor reads up to 16 characters from the start.
    let predictor = try Predictor(artifacts)
    var whole = "abc"
    for character in text {
      #expect(try predictor.predict(texts: [whole])[0].label == String(character))
      whole.append(character)
    }
  }

  @Test func `the seed decides, and nothing else`() throws {
    let generator = try TextGenerator(try Self.language())
    let choice = TextGenerator.Choice(temperature: 1.5, seed: 3)
    let text = Self.text(generator, "ab", 60, choice)
    // The state of the first text is forgotten.
    #expect(Self.text(generator, "ab", 60, choice) == text)
    // A longer text begins with the shorter one.
    #expect(Self.text(generator, "ab", 80, choice).hasPrefix(text))
    var other = choice
    other.seed = 4
    #expect(Self.text(generator, "ab", 60, other) != text)
    other.top = 1
    #expect(
      Self.text(generator, "ab", 60, other)
        == Self.text(generator, "ab", 60, TextGenerator.Choice(temperature: 0)))
    #expect(!Self.text(generator, "", 5, choice).isEmpty)
    #expect(generator.unknownTokens(in: "abX") == 1 && generator.unknownTokens(in: "") == 0)
  }

  @Test func `a draw is worked out by hand`() {
    // Tokens 2, 3 and 4 with weights 1, e, 1 in the order of probability: 3, 2, 4.
    let logits = [100, 100, 0, 1, 0.0]
    func draw(_ uniform: Double, _ temperature: Double = 1, top: Int? = nil) -> Int {
      TextGenerator.draw(
        logits, TextGenerator.Choice(temperature: temperature, top: top), uniform: uniform)
    }
    let first = 2.718281828459045 / 4.718281828459045
    #expect(draw(0) == 3 && draw(first - 1e-9) == 3)
    #expect(draw(first + 1e-9) == 2 && draw(0.78) == 2)
    #expect(draw(0.79) == 4 && draw(0.999999) == 4)
    #expect(draw(0.999999, top: 1) == 3 && draw(0.999999, top: 2) == 2)
    #expect(draw(0.999999, 0) == 3)
    // Hotter is more even, colder less.
    #expect(draw(0.5, 100) == 2 && draw(0.9, 0.2) == 3)
  }

  @Test func `words are set apart as people write them`() throws {
    #expect(TextGenerator.isSpaced("you", "are"))
    #expect(!TextGenerator.isSpaced("you", ",") && TextGenerator.isSpaced(",", "are"))
    #expect(!TextGenerator.isSpaced("(", "you") && !TextGenerator.isSpaced("", "you"))
    let generator = try TextGenerator(try Self.language(tokens: .words))
    let text = Self.text(generator, "abc de", 3, TextGenerator.Choice(temperature: 0))
    #expect(text == ", fg abc")
  }

  @Test func `only language models of texts write`() throws {
    let (_, _, labels) = try ArtifactTests.train(
      PreparationTests.messages(60), ModelSettings(hidden: 3, embedding: 3))
    #expect(throws: ArtifactError.self) { try TextGenerator(labels) }
  }
}

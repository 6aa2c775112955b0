import ArgumentParser
import Glibc
import Orchestration
import Store
import Training

struct GenerateVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Write text with a language model.",
    discussion: """
      The same seed gives the same text. The prompt is read once; each further token is one step of the \
      model.

        unroll generate --trial 7 --prompt 'ROMEO:' --length 400 --temperature 0.8 --seed 1
        unroll generate --model shakespeare --temperature 0     the most probable text
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var model: ModelOptions

  @Option(help: "What the text begins with.")
  var prompt = ""

  @Option(help: "How many tokens to write: characters or words, as the model has it.")
  var length = 400

  @Option(help: "0 takes the most probable token, 1 the model's probabilities, more is more even.")
  var temperature = 1.0

  @Option(name: .customLong("top"), help: "Only so many of the most probable tokens.")
  var top: Int?

  @Option(help: "The seed of the draws.")
  var seed: UInt64 = 0

  func validate() throws {
    guard (1...100_000_000).contains(length) else {
      throw ValidationError("--length: found \(length), allowed: 1 to 100000000")
    }
    guard temperature >= 0, temperature <= 1000 else {
      throw ValidationError("--temperature: found \(temperature), allowed: 0 to 1000")
    }
    guard (1...1_000_000_000).contains(top ?? 1) else {
      throw ValidationError("--top: found \(top ?? 0), allowed: at least 1")
    }
  }

  func run() throws {
    let models = try database.withDatabase { try model.artifacts($0) }
    guard models.count == 1 else {
      throw SystemError("found \(models.count) models, allowed: one (texts have no mean)")
    }
    if let plan = models[0][Artifact.Name.plan] {
      let encoding = try PlanDocument(decoding: plan).encoding
      guard encoding.task != .language || encoding.tokens != nil else {
        throw SystemError(
          "found a language model of symbols, allowed: one of texts (unroll predict tells the next "
            + "symbol)")
      }
    }
    let generator = try TextGenerator(models[0])
    let unknown = generator.unknownTokens(in: prompt)
    if unknown > 0 {
      Terminal.complain("unroll: the model does not know \(unknown) of the prompt's tokens")
    }
    Terminal.write(prompt)
    generator.generate(
      after: prompt, length: length,
      TextGenerator.Choice(temperature: temperature, top: top, seed: seed)
    ) { Terminal.write($0) }
    Terminal.write("\n")
  }
}

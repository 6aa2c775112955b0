import Philox
import Search

/// Fields like those of recurrent networks, so that the examples read like real sweeps.
enum Example {
  static let schema = SpecSchema(
    fields: dataset + model + training,
    sections: [
      Section("dataset", "What to learn from.", shorthand: "name"),
      Section("dataset.split", "Which parts are held out."),
      Section("model", "The network.", shorthand: "cell"),
      Section("training", "How it learns."),
      Section("training.schedule", "How the rate changes.", shorthand: "kind"),
    ],
    metrics: [
      Metric("loss", .minimize, "The mean loss."),
      Metric("accuracy", .maximize, "The share of right answers."),
      Metric("rmse", .minimize, "The root of the mean squared error."),
    ])

  private static let dataset = [
    Field("dataset.name", .text, "Its name in the database.", isRequired: true),
    Field("dataset.tokens", .oneOf(["words", "characters"]), "What a step is.", default: "words"),
    Field(
      "dataset.max_length", .integer(1...100_000), "Longer sequences are cut to so many steps."),
    Field(
      "dataset.min_count", .integer(1...1_000), "Rarer words are unknown words.", default: 1,
      isSearchable: true),
    Field("dataset.deduplicate", .boolean, "Whether equal examples are dropped.", default: true),
    Field(
      "dataset.task", .oneOf(["classify", "forecast"]), "What is predicted.", default: "classify"),
    Field("dataset.window", .integer(1...10_000), "The steps that a forecast sees."),
    Field("dataset.horizon", .integer(1...10_000), "How far a forecast goes.", default: 1),
    Field(
      "dataset.split.test", .number(.from(0, below: 1)), "The share that is tested on.",
      default: 0.2),
    Field(
      "dataset.split.validation", .number(.from(0, below: 1)), "The share that is chosen on.",
      default: 0.1),
    Field("dataset.split.stratify", .boolean, "Whether labels keep their shares.", default: true),
  ]

  private static let model = [
    Field(
      "model.cell", .oneOf(["rnn", "lstm", "gru"]), "The recurrent cell.", default: "lstm",
      isSearchable: true),
    Field(
      "model.nonlinearity", .oneOf(["tanh", "relu"]), "The one of an rnn.", default: "tanh",
      isSearchable: true),
    Field(
      "model.embedding", .integer(1...65_536), "Numbers for each token.", default: 50,
      isSearchable: true),
    Field(
      "model.hidden", .integer(1...65_536), "Units of each layer.", default: 64,
      isSearchable: true, aliases: ["units"]),
    Field("model.layers", .integer(1...16), "Layers.", default: 1, isSearchable: true),
    Field(
      "model.dropout", .number(.from(0, below: 1)), "The share of units that is left out.",
      default: 0, isSearchable: true),
    Field(
      "model.readout", .oneOf(["last", "mean", "every"]), "What the head sees.", default: "last",
      isSearchable: true),
    Field(
      "model.forget_bias", .number(.any), "The first bias of a forget gate.", default: 1,
      isSearchable: true),
  ]

  private static let training = [
    Field(
      "training.optimizer", .oneOf(["sgd", "rmsprop", "adam", "adamw"]), "How weights move.",
      default: "adam", isSearchable: true),
    Field(
      "training.rate", .number(.above(0)), "The learning rate.", default: 0.001,
      isSearchable: true, aliases: ["learning_rate", "lr"]),
    Field(
      "training.momentum", .number(.from(0, below: 1)), "The momentum of sgd.", default: 0,
      isSearchable: true),
    Field(
      "training.weight_decay", .number(.from(0)), "The pull towards zero.", default: 0,
      isSearchable: true, aliases: ["l2"]),
    Field(
      "training.batch", .integer(1...65_536), "Examples in a step.", default: 32,
      isSearchable: true),
    Field(
      "training.epochs", .integer(1...100_000), "Passes over the data.", default: 10,
      isSearchable: true),
    Field(
      "training.clip_norm", .number(.above(0)), "The longest gradient.", isSearchable: true),
    Field(
      "training.clip_value", .number(.above(0)), "The largest part of a gradient.",
      isSearchable: true),
    Field(
      "training.schedule.kind", .oneOf(["constant", "step", "cosine"]), "The shape of the rate.",
      default: "constant", isSearchable: true),
    Field("training.schedule.every", .integer(1...100_000), "Epochs between steps.", default: 10),
    Field(
      "training.schedule.factor", .number(.above(0, through: 1)), "What a step multiplies by.",
      default: 0.1, isSearchable: true),
    Field(
      "training.schedule.warmup_steps", .integer(0...1_000_000), "Steps until the full rate.",
      default: 0),
    Field("training.notes", .map, "Anything that should stand beside the results."),
    Field("training.ratios", .list(.number(.above(0)), count: 1...3), "Numbers in a list."),
  ]

  static func parse(_ text: String) throws -> SweepSpec {
    try SweepSpec.parse(text, file: "sweep.yaml", schema: schema)
  }

  /// The lines that are told of a text that is refused; empty if it is not.
  static func errors(_ text: String) -> [String] {
    do {
      _ = try SweepSpec.parse(text, file: "sweep.yaml", schema: schema)
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  /// Random numbers to draw points with.
  static func random(seed: UInt64) -> RandomSequence {
    Philox(seed: seed).sequence(.search)
  }
}

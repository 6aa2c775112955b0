import Recurrent
public import Search
import Training

extension SpecSchema {
  /// All that a sweep file may say about data, models and training.
  public static let sweep = SpecSchema(
    fields: datasetFields + modelFields + trainingFields + probeFields, sections: sections,
    metrics: metrics)

  private static let sections = [
    Section("dataset", "What is learned.", shorthand: "name"),
    Section("dataset.split", "How the examples are divided.", shorthand: "source"),
    Section("model", "The recurrent network."),
    Section("training", "How it is trained."),
    Section("probe", "Whether gradients vanish or explode.", shorthand: "every"),
    Section("training.schedule", "The course of the learning rate.", shorthand: "kind"),
  ]

  private static let metrics = [
    Search.Metric("accuracy", .maximize, "The share of right answers."),
    Search.Metric("loss", .minimize, "The mean loss, in the scale in which the model is trained."),
    Search.Metric("f1", .maximize, "F1 of the rarer of two labels; the macro mean of more."),
    Search.Metric("precision", .maximize, "Precision, for the same label as f1."),
    Search.Metric("recall", .maximize, "Recall, for the same label as f1."),
    Search.Metric("macro_f1", .maximize, "The mean of the labels' F1."),
    Search.Metric("macro_precision", .maximize, "The mean of the labels' precision."),
    Search.Metric("macro_recall", .maximize, "The mean of the labels' recall."),
    Search.Metric("rmse", .minimize, "The root of the mean squared error, in the data's units."),
    Search.Metric("mae", .minimize, "The mean absolute error, in the data's units."),
    Search.Metric(
      "mape", .minimize, "Forecasts: the mean error relative to the truth, in percent."),
    Search.Metric("smape", .minimize, "Forecasts: the same, relative to truth and forecast."),
    Search.Metric(
      "mase", .minimize,
      "Forecasts: the mean absolute error relative to the seasonal naive forecast."),
    Search.Metric("pinball", .minimize, "Quantiles: their mean pinball loss, in the data's units."),
    Search.Metric("coverage", .maximize, "Quantiles: the share of truths between the outer ones."),
    Search.Metric("bits_per_token", .minimize, "The mean loss of a language model, in bits."),
    Search.Metric(
      "bits_per_character", .minimize, "The same, of a language model of characters."),
    Search.Metric(
      "perplexity", .minimize, "e to the mean loss: between how many tokens it wavers."),
  ]

  private static func names<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) -> Field.Kind
  where Choice.RawValue == String {
    .oneOf(Choice.allCases.map(\.rawValue))
  }

  private static let datasetFields: [Field] = [
    Field(
      "dataset.name", .text, "The name of a dataset: see unroll dataset list.", isRequired: true),
    Field("dataset.version", .text, "The first digits of its sha256; the newest if not said."),
    Field(
      "dataset.task", names(DataPlan.Task.self),
      "What is learned; follows from the dataset if not said."),
    Field(
      "dataset.tokens", names(DataPlan.Tokens.self),
      "What a text is cut into: words, or characters for a language model, if not said."),
    Field(
      "dataset.max_length", .integer(1...1_000_000),
      "The most steps of a sequence; longer ones are cut, and it is said how many.",
      aliases: ["length", "maximum_length"]),
    Field("dataset.keep", names(DataPlan.Keep.self), "Which end of a longer sequence is kept."),
    Field(
      "dataset.min_count", .integer(1...1_000_000),
      "How often a token must occur in the training split to have a place in the vocabulary.",
      aliases: ["minimum_count"]),
    Field(
      "dataset.max_vocabulary", .integer(3...10_000_000),
      "The most tokens of the vocabulary; the frequent ones stay.", aliases: ["vocabulary"]),
    Field(
      "dataset.deduplicate", .boolean,
      "Whether exact repeats are dropped before the split; true for texts with labels if not said."
    ),
    Field(
      "dataset.split.source", names(DataPlan.SplitSource.self),
      "Whether the parts are drawn as fractions or given by the file; the file's if it has them."),
    Field(
      "dataset.split.test", part,
      "The share of the test split, which is looked at once, at the end; of forecasts also its number "
        + "of steps, or the date at which it begins.", default: 0.1),
    Field(
      "dataset.split.validation", part,
      "The share of the validation split, which chooses epochs and trials; of forecasts also its "
        + "number of steps, or the date at which it begins.", default: 0.1),
    Field("dataset.split.stratify", .boolean, "Whether each label has its share in each part."),
    Field(
      "dataset.split.seed", .integer(0...(.max)), "The seed of the split; the sweep's if not said."),
    Field(
      "dataset.split.folds", .integer(2...1000),
      "Into how many blocks all examples are cut for a cross-validation, in place of split.test; of forecasts "
        + "the test part, for a backtest with a rolling origin. The search.repeats trials of a setting are each "
        + "tested on one, knowing the others, or what was before it."),
    Field("dataset.window", .integer(1...1_000_000), "Forecasts: the steps that a model sees."),
    Field("dataset.horizon", .integer(1...1_000_000), "Forecasts: the steps that it predicts."),
    Field("dataset.target", .text, "Forecasts: the column that it predicts; the last if not said."),
    Field(
      "dataset.scaling", names(DataPlan.Scaling.self),
      "How numbers are scaled by the training split: standard, each channel by itself; joint, all alike; "
        + "range, to 0 to 1; none."),
    Field(
      "dataset.channels", .integer(1...1_000_000),
      "Values: the channels of a step; 28 reads a picture of MNIST by rows, 1 by pixels."),
    Field(
      "dataset.missing", names(DataPlan.Missing.self),
      "Values that were not measured are the last ones that were; mask, the default, adds a channel that "
        + "says so; zero takes them as measured zeros."
    ),
    Field(
      "dataset.difference", names(DataPlan.Difference.self),
      "Forecasts: whether the difference from the step or the season before is predicted."),
    Field(
      "dataset.log", names(DataPlan.Logarithm.self),
      "Forecasts: whether the logarithm of the target (log1p: of one more) is predicted."),
    Field(
      "dataset.season", .integer(2...1_000_000),
      "Forecasts: the steps of a season; of hours a day, of days a week, of months a year, if not said."
    ),
    Field(
      "dataset.calendar", .list(names(CalendarFeature.self), count: 0...3),
      "Forecasts: what the model is told of the time of a step."),
    Field(
      "dataset.strategy", names(DataPlan.Strategy.self),
      "Forecasts of several steps: all at once, or each from the answers before it."),
  ]

  /// The size of a part of the data.
  private static let part = Field.Kind.either(
    .number(.from(0, below: 1)), .either(.integer(1...(1 << 40)), .text))

  private static let modelFields: [Field] = [
    Field(
      "model.cell", .oneOf(ModelPlan.Cell.allCases.map(\.rawValue) + ["irnn"]),
      "The recurrent cell; irnn is rnn with relu, whose recurrent weights begin as the identity.",
      default: "lstm", isSearchable: true),
    Field(
      "model.nonlinearity", names(ModelPlan.Nonlinearity.self), "Of the cell rnn.",
      default: "tanh", isSearchable: true, aliases: ["activation"]),
    Field(
      "model.embedding", .integer(1...65_536), "The width of the embedding of a token.",
      default: 64, isSearchable: true),
    Field(
      "model.hidden", .integer(1...65_536), "Units of a layer.", default: 64, isSearchable: true,
      aliases: ["units", "hidden_size"]),
    Field("model.layers", .integer(1...64), "Recurrent layers.", default: 1, isSearchable: true),
    Field(
      "model.dropout", .number(.from(0, below: 1)),
      "The share of outputs dropped between layers and before the head.", default: 0,
      isSearchable: true),
    Field(
      "model.readout", names(ModelPlan.Readout.self),
      "What the head reads: the last valid step, the mean, the largest, or every step; follows from "
        + "the task.", isSearchable: true),
    Field(
      "model.forget_bias", .number(.from(-1000, through: 1000)),
      "The initial bias of the forget gate of lstm.",
      default: 1, isSearchable: true),
    Field(
      "model.peepholes", .boolean, "Whether the gates of lstm see its memory.", default: false,
      isSearchable: true),
    Field(
      "model.reset", names(ModelPlan.Reset.self),
      "When the reset gate of gru acts: after the product as in PyTorch, or before as in the original.",
      default: "after", isSearchable: true),
    Field(
      "model.bidirectional", .boolean, "Whether each layer walks over time both ways.",
      default: false, isSearchable: true),
    Field(
      "model.residual", .boolean,
      "Whether the input of each layer but the first is added to its output.", default: false,
      isSearchable: true),
    Field(
      "model.normalization", names(ModelPlan.Normalization.self),
      "What is done to the sums of each gate.", default: "none", isSearchable: true),
    Field(
      "model.recurrent_dropout", .number(.from(0, below: 1)),
      "The share of units that are silent for a whole sequence, or the piece of it that training.truncate "
        + "cuts, on the way to the next step.",
      default: 0, isSearchable: true),
    Field(
      "model.variational", .boolean, "Whether model.dropout keeps one mask over time.",
      default: false, isSearchable: true),
    Field(
      "model.tied", .boolean, "Language models: whether the head's weight is the embedding.",
      default: false, isSearchable: true),
    Field(
      "model.initializer", names(ModelPlan.Initializer.self),
      "How weights are drawn; identity with rnn and relu is the IRNN.", default: "uniform",
      isSearchable: true, aliases: ["init"]),
    Field(
      "model.vectors", .text,
      "The vectors that the embedding of words begins with: see unroll vectors import."),
    Field(
      "model.initial", .text,
      "The weights to begin with: TRIAL/NAME, an artifact, or weights/NAME, what was imported; drawn if "
        + "not said."),
    Field(
      "model.chrono", .integer(2...1_000_000),
      "The longest dependency, in steps, that the biases of gates are drawn for.",
      isSearchable: true),
  ]

  private static let probeFields: [Field] = [
    Field(
      "probe.every", .oneOf(["never", "epoch"]),
      "When the flow of gradients is measured, for at most 3 % of the work of training (where an epoch is too "
        + "short for that, not after each of them): unroll gradients TRIAL shows it.",
      default: "never"),
    Field("probe.lags", .integer(2...1000), "The most points of a curve over time.", default: 32),
    Field(
      "probe.vanishing", .number(.above(0)),
      "A Jacobian of the longest lag below this is judged as vanishing.", default: 0.0001),
    Field(
      "probe.exploding", .number(.above(0)), "A Jacobian above this is judged as exploding.",
      default: 1000),
  ]

  private static let trainingFields: [Field] = [
    Field(
      "training.epochs", .integer(1...1_000_000), "Passes over the training split.", default: 5,
      isSearchable: true),
    Field(
      "training.batch", .either(.integer(1...(1 << 30)), .oneOf(["all"])), "Sequences of a step.",
      default: 32, isSearchable: true, aliases: ["batch_size"]),
    Field(
      "training.shuffle", .boolean, "Whether each epoch has an order of its own.", default: true),
    Field(
      "training.keep_initial", .boolean,
      "Whether the initial weights are kept as the artifact initial.safetensors.", default: false),
    Field(
      "training.precision", names(ModelPlan.Precision.self),
      "bf16: the products of recurrent layers multiply numbers rounded to bf16; all else is float32.",
      default: "float32", isSearchable: true),
    Field(
      "training.optimizer", names(TrainingPlan.OptimizerName.self), "The optimizer.",
      default: "adam", isSearchable: true),
    Field(
      "training.rate", .number(.above(0)), "The learning rate.", default: 0.001,
      isSearchable: true, aliases: ["learning_rate", "lr"]),
    Field(
      "training.momentum", .number(.from(0, below: 1)), "Of sgd and rmsprop.", default: 0,
      isSearchable: true),
    Field(
      "training.nesterov", .boolean, "Whether the momentum of sgd looks one step ahead.",
      default: false, isSearchable: true),
    Field(
      "training.loss", names(TrainingPlan.LossName.self),
      "What is made small; auto: cross_entropy for classes, squared for numbers.", default: "auto",
      isSearchable: true),
    Field(
      "training.huber_bound", .number(.above(0)),
      "huber: the error up to which it is quadratic, in the scale of training.", default: 1,
      isSearchable: true),
    Field(
      "training.quantile", .number(.above(0, through: 1)), "quantile: which one is predicted.",
      default: 0.5, isSearchable: true),
    Field(
      "training.quantiles", .list(.number(.from(0, through: 1)), count: 1...99),
      "Forecasts: the quantiles that are predicted of each step, such as [0.1, 0.5, 0.9]; the loss is "
        + "that of quantiles."),
    Field(
      "training.label_smoothing", .number(.from(0, below: 1)),
      "The share of each right answer that is spread over all classes, of the loss binary over yes and no.",
      default: 0,
      isSearchable: true),
    Field(
      "training.class_weights", names(TrainingPlan.ClassWeights.self),
      "balanced: rare classes weigh as much as frequent ones.", default: "none",
      isSearchable: true),
    Field(
      "training.label_weights", .map,
      "Weights of labels in the loss, such as {spam: 2}; 1 for the others."),
    Field(
      "training.threshold", names(TrainingPlan.ThresholdRule.self),
      "Two labels: from which probability on the rarer one is meant: a half, or where f1 is best on"
        + " validation."),
    Field(
      "training.truncate", .integer(1...1_000_000),
      "Steps after which gradients are cut and the state is carried over.", isSearchable: true,
      aliases: ["tbptt"]),
    Field(
      "training.alpha", .number(.from(0, below: 1)),
      "The share of the old mean square that stays in rmsprop.", default: 0.99,
      isSearchable: true, aliases: ["rho"]),
    Field(
      "training.beta1", .number(.from(0, below: 1)), "Of adam and adamw.", default: 0.9,
      isSearchable: true),
    Field(
      "training.beta2", .number(.from(0, below: 1)), "Of adam and adamw.", default: 0.999,
      isSearchable: true),
    Field(
      "training.epsilon", .number(.above(0)), "Of rmsprop, adam and adamw.", default: 1e-8,
      isSearchable: true),
    Field(
      "training.weight_decay", .number(.from(0)),
      "L2 decay of the weights, decoupled for adamw; 0.01 for adamw if not said, else 0.",
      isSearchable: true, aliases: ["l2"]),
    Field(
      "training.clip_norm", .number(.above(0)),
      "The largest norm of the whole gradient; none if not said.", isSearchable: true),
    Field(
      "training.clip_value", .number(.above(0)),
      "The largest size of each component of the gradient; none if not said.", isSearchable: true),
    Field(
      "training.schedule.kind", names(TrainingPlan.ScheduleName.self),
      "How the learning rate changes.", default: "constant", isSearchable: true),
    Field(
      "training.schedule.warm_up", .integer(0...(1 << 30)),
      "Steps over which the rate first rises.", default: 0, isSearchable: true,
      aliases: ["warmup", "warmup_steps"]),
    Field(
      "training.schedule.every", .integer(1...1_000_000), "step: epochs between two falls.",
      default: 1, isSearchable: true),
    Field(
      "training.schedule.factor", .number(.above(0, through: 1)),
      "step, exponential, plateau: the factor of a fall.", default: 0.1, isSearchable: true),
    Field(
      "training.schedule.patience", .integer(0...1_000_000),
      "plateau: epochs without an improvement before the rate falls.", default: 3,
      isSearchable: true),
    Field(
      "training.schedule.floor", .number(.from(0, through: 1)),
      "cosine: where the rate ends, as a share of where it began.", default: 0,
      isSearchable: true),
  ]
}

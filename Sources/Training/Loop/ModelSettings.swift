public import Recurrent

/// What a user chooses of a model. Its input and its outputs follow from the data.
public struct ModelSettings: Codable, Hashable, Sendable {
  /// The recurrent cell.
  public var cell: ModelPlan.Cell
  /// The nonlinearity, if the cell is `rnn`.
  public var nonlinearity: ModelPlan.Nonlinearity
  /// Units of each layer.
  public var hidden: Int
  /// Recurrent layers.
  public var layers: Int
  /// The share of outputs set to zero in training.
  public var dropout: Double
  /// The width of the table of embeddings, if the input is tokens.
  public var embedding: Int
  /// Which hidden states the head reads; nil: `every` where each step has an answer, else `last`.
  public var readout: ModelPlan.Readout?
  /// The initial bias of the forget gate, if the cell is `lstm`.
  public var forgetBias: Double

  /// Whether the gates of `lstm` see the memory.
  public var peepholes = false
  /// When the reset gate of `gru` acts.
  public var reset = ModelPlan.Reset.after
  /// Whether each layer walks over time both ways.
  public var bidirectional = false
  /// Whether the input of each layer but the first is added to its output.
  public var residual = false
  /// What is done to the sums of each gate.
  public var normalization = ModelPlan.Normalization.none
  /// The share of units that are silent for a whole sequence, or a piece of it, on the recurrent path, in
  /// training.
  public var recurrentDropout = 0.0
  /// Whether `dropout` keeps one mask over time.
  public var variational = false
  /// Whether the head's weight is the table of embeddings, for language models.
  public var tied = false
  /// How weights are drawn at first.
  public var initializer = ModelPlan.Initializer.uniform
  /// The longest dependency, in steps, that gate biases are drawn for; nil: none.
  public var chrono: Int?
  /// The vectors of words that the embedding begins with, by their name; nil: it is drawn.
  public var vectors: String?
  /// The weights to begin with, as TRIAL/NAME or weights/NAME; nil: they are drawn.
  public var initial: String?

  /// Settings; by default one layer of 64 units of an LSTM.
  ///
  /// - Parameters:
  ///   - cell: The recurrent cell.
  ///   - nonlinearity: The nonlinearity of `rnn`.
  ///   - hidden: Units of each layer.
  ///   - layers: Recurrent layers.
  ///   - dropout: The share of outputs set to zero in training.
  ///   - embedding: The width of the table of embeddings.
  ///   - readout: Which hidden states the head reads.
  ///   - forgetBias: The initial bias of the forget gate of `lstm`.
  public init(
    cell: ModelPlan.Cell = .lstm, nonlinearity: ModelPlan.Nonlinearity = .tanh, hidden: Int = 64,
    layers: Int = 1, dropout: Double = 0, embedding: Int = 64, readout: ModelPlan.Readout? = nil,
    forgetBias: Double = 1
  ) {
    self.cell = cell
    self.nonlinearity = nonlinearity
    self.hidden = hidden
    self.layers = layers
    self.dropout = dropout
    self.embedding = embedding
    self.readout = readout
    self.forgetBias = forgetBias
  }

  /// Reads settings in which any key may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ common: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? common
    }
    self.init(
      cell: try value(.cell, .lstm), nonlinearity: try value(.nonlinearity, .tanh),
      hidden: try value(.hidden, 64), layers: try value(.layers, 1),
      dropout: try value(.dropout, 0), embedding: try value(.embedding, 64),
      readout: try container.decodeIfPresent(ModelPlan.Readout.self, forKey: .readout),
      forgetBias: try value(.forgetBias, 1))
    peepholes = try value(.peepholes, false)
    reset = try value(.reset, .after)
    bidirectional = try value(.bidirectional, false)
    residual = try value(.residual, false)
    normalization = try value(.normalization, .none)
    recurrentDropout = try value(.recurrentDropout, 0)
    variational = try value(.variational, false)
    tied = try value(.tied, false)
    initializer = try value(.initializer, .uniform)
    chrono = try container.decodeIfPresent(Int.self, forKey: .chrono)
    vectors = try container.decodeIfPresent(String.self, forKey: .vectors)
    initial = try container.decodeIfPresent(String.self, forKey: .initial)
  }

  /// Refuses numbers that make no model.
  public func validate() throws(PlanError) {
    try PlanError.require(hidden, in: 1...65_536, "model.hidden")
    try PlanError.require(layers, in: 1...64, "model.layers")
    try PlanError.require(embedding, in: 1...65_536, "model.embedding")
    try PlanError.require(
      dropout >= 0 && dropout < 1, "model.dropout", found: dropout,
      allowed: "a fraction from 0 up to, but not including, 1")
    try PlanError.require(
      recurrentDropout >= 0 && recurrentDropout < 1, "model.recurrent_dropout",
      found: recurrentDropout, allowed: "a fraction from 0 up to, but not including, 1")
    if let chrono { try PlanError.require(chrono, in: 2...1_000_000, "model.chrono") }
    // A gate is as open or shut as it can be long before that; more would not be finite in float32.
    try PlanError.require(
      abs(forgetBias) <= 1000, "model.forget_bias", found: forgetBias,
      allowed: "a number from -1000 to 1000")
  }

  /// The model for data.
  public func plan(for encoding: Encoding) throws(PlanError) -> ModelPlan {
    try validate()
    let every = encoding.task == .tag || encoding.task == .language
    let readout = readout ?? (every ? .every : .last)
    try PlanError.require(
      every == (readout == .every), "model.readout",
      found: "\(readout.rawValue) for the task \(encoding.task.rawValue)",
      allowed: every ? "every" : "last, mean, max")
    let input: ModelPlan.Input =
      if let size = encoding.vocabularySize {
        .tokens(vocabulary: size, embedding: embedding)
      } else {
        .values(channels: encoding.inputWidth)
      }
    var plan = ModelPlan(
      input: input, cell: cell, nonlinearity: nonlinearity, hidden: hidden, layers: layers,
      dropout: dropout, readout: readout, outputs: encoding.outputs, forgetBias: forgetBias)
    // Options of another cell are ignored, so that a sweep over cells can have them.
    plan.peepholes = peepholes && cell == .lstm
    plan.reset = reset
    plan.isBidirectional = bidirectional
    plan.isResidual = residual
    plan.normalization = normalization
    plan.recurrentDropout = recurrentDropout
    plan.isDropoutVariational = variational
    plan.initializer = initializer
    plan.chronoSteps = chrono
    if let vectors {
      try PlanError.require(
        encoding.tokens == .words, "model.vectors", found: vectors + " for data without words",
        allowed: "texts with dataset.tokens: words")
      try PlanError.require(
        initial == nil, "model.vectors", found: vectors + " beside model.initial",
        allowed: "one of the two")
    }
    if bidirectional {
      try PlanError.require(
        encoding.task != .language, "model.bidirectional", found: "true for a language model",
        allowed: "false (the way back would read the answers)")
    }
    if tied {
      try PlanError.require(
        encoding.task == .language && embedding == plan.outputWidth, "model.tied",
        found: "true with an embedding of \(embedding) and an output of \(plan.outputWidth)",
        allowed: "a language model whose model.embedding is its model.hidden")
      plan.isTied = true
    }
    return plan
  }
}

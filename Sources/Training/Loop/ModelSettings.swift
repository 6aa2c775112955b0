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
      forgetBias.isFinite, "model.forget_bias", found: forgetBias, allowed: "a finite number")
  }

  /// The model for data.
  public func plan(for encoding: Encoding) throws(PlanError) -> ModelPlan {
    try validate()
    let every = encoding.task == .tag || encoding.task == .language
    let readout = readout ?? (every ? .every : .last)
    try PlanError.require(
      every == (readout == .every), "model.readout",
      found: "\(readout.rawValue) for the task \(encoding.task.rawValue)",
      allowed: every ? "every" : "last, mean")
    let input: ModelPlan.Input =
      if let size = encoding.vocabularySize {
        .tokens(vocabulary: size, embedding: embedding)
      } else {
        .values(channels: encoding.channels?.count ?? 1)
      }
    return ModelPlan(
      input: input, cell: cell, nonlinearity: nonlinearity, hidden: hidden, layers: layers,
      dropout: dropout, readout: readout, outputs: encoding.outputs, forgetBias: forgetBias)
  }
}

/// All that decides the shape and the equations of a model.
///
/// The numbers are checked by whoever reads them from a user; here they are preconditions.
public struct ModelPlan: Codable, Hashable, Sendable {
  /// What a sequence consists of.
  public enum Input: Codable, Hashable, Sendable {
    /// Indices below `vocabulary`, each looked up in a table of rows of width `embedding`.
    case tokens(vocabulary: Int, embedding: Int)
    /// Rows of `channels` numbers.
    case values(channels: Int)
  }

  /// The recurrent cell.
  public enum Cell: String, Codable, CaseIterable, Hashable, Sendable {
    /// One nonlinearity of the sum of input and recurrent products (Elman 1990).
    case rnn
    /// Long short-term memory with a forget gate (Gers, Schmidhuber and Cummins 2000).
    case lstm
    /// Gated recurrent unit, reset after the product as in cuDNN and PyTorch.
    case gru
  }

  /// The nonlinearity of ``Cell/rnn``.
  public enum Nonlinearity: String, Codable, CaseIterable, Hashable, Sendable {
    /// Hyperbolic tangent.
    case tanh
    /// max(0, x).
    case relu
  }

  /// Which hidden states of the top layer the head reads.
  public enum Readout: String, Codable, CaseIterable, Hashable, Sendable {
    /// The last valid step of each sequence.
    case last
    /// The mean over the valid steps of each sequence.
    case mean
    /// The largest value of each unit over the valid steps of each sequence.
    case max
    /// Every valid step.
    case every
  }

  /// When the reset gate of ``Cell/gru`` acts.
  public enum Reset: String, Codable, CaseIterable, Hashable, Sendable {
    /// On the product of weights and state, as in cuDNN and PyTorch.
    case after
    /// On the state before the product, as in the original (Cho et al. 2014).
    case before
  }

  /// What is done to the sums of a gate over the units of a layer.
  public enum Normalization: String, Codable, CaseIterable, Hashable, Sendable {
    /// Nothing.
    case none
    /// Layer normalization; its shift takes the place of the biases.
    case layer
  }

  /// How weights are drawn at first.
  public enum Initializer: String, Codable, CaseIterable, Hashable, Sendable {
    /// Uniform in ±1/√hidden, as PyTorch.
    case uniform
    /// Uniform in ±√(6 / (rows + columns)) of each gate (Glorot and Bengio 2010).
    case glorot
    /// Input weights as `glorot`, recurrent ones orthogonal for each gate (Saxe et al. 2013).
    case orthogonal
    /// Input weights as `glorot`, recurrent ones the identity (Le, Jaitly and Hinton 2015: with `rnn`
    /// and `relu`, the IRNN), biases zero.
    case identity
  }

  /// The numbers that the products of recurrent layers multiply.
  public enum Precision: String, Codable, CaseIterable, Hashable, Sendable {
    /// As they are.
    case float32
    /// Rounded to bf16, to nearest with ties to even: inputs, weights, states and gradients of gates. The
    /// sums of the products, biases and their gradients, the arithmetic of gates, states as they are handed
    /// on, and all parameters stay in float32. Models of `Double` are exact all the same.
    case bf16
  }

  /// What a sequence consists of.
  public var input: Input
  /// The recurrent cell of every layer.
  public var cell: Cell
  /// The nonlinearity, if the cell is ``Cell/rnn``.
  public var nonlinearity: Nonlinearity
  /// Units of each layer.
  public var hidden: Int
  /// Recurrent layers, at least one.
  public var layers: Int
  /// The share of outputs set to zero in training, between layers and before the head.
  public var dropout: Double
  /// Which hidden states the head reads.
  public var readout: Readout
  /// The width of the head's result.
  public var outputs: Int
  /// The initial bias of the forget gate, if the cell is ``Cell/lstm``.
  public var forgetBias: Double
  /// Whether the gates of ``Cell/lstm`` see the memory.
  public var peepholes = false
  /// When the reset gate of ``Cell/gru`` acts.
  public var reset = Reset.after
  /// Whether each layer walks over time both ways and gives both states side by side.
  public var isBidirectional = false
  /// Whether the input of each layer but the first is added to its output.
  public var isResidual = false
  /// What is done to the sums of each gate.
  public var normalization = Normalization.none
  /// The share of units that are silent from beginning to end of a sequence, on the recurrent path.
  public var recurrentDropout = 0.0
  /// Whether ``dropout`` keeps one mask over time.
  public var isDropoutVariational = false
  /// Whether the head's weight is the table of embeddings.
  public var isTied = false
  /// How weights are drawn at first.
  public var initializer = Initializer.uniform
  /// The longest dependency, in steps, that gate biases are drawn for (Tallec and Ollivier 2018); nil:
  /// they are drawn like the weights.
  public var chronoSteps: Int?
  /// The numbers that the products of recurrent layers multiply.
  public var precision = Precision.float32

  /// A plan; what is left out has the common default.
  public init(
    input: Input, cell: Cell, nonlinearity: Nonlinearity = .tanh, hidden: Int, layers: Int = 1,
    dropout: Double = 0, readout: Readout = .last, outputs: Int, forgetBias: Double = 1
  ) {
    self.input = input
    self.cell = cell
    self.nonlinearity = nonlinearity
    self.hidden = hidden
    self.layers = layers
    self.dropout = dropout
    self.readout = readout
    self.outputs = outputs
    self.forgetBias = forgetBias
  }

  /// The width of a row that enters the first layer.
  public var inputWidth: Int {
    switch input {
    case .tokens(_, let embedding): embedding
    case .values(let channels): channels
    }
  }

  /// Sums of products per unit: 1, 4 or 3.
  public var gates: Int {
    switch cell {
    case .rnn: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// 1, or 2 if layers walk both ways.
  public var directions: Int { isBidirectional ? 2 : 1 }

  /// The width of a layer's output.
  public var outputWidth: Int { hidden * directions }

  var resetBefore: Bool { cell == .gru && reset == .before }

  func check() {
    if case .tokens(let vocabulary, _) = input {
      precondition(vocabulary > 0, "the vocabulary is empty")
    }
    precondition(inputWidth > 0, "the input has a width of \(inputWidth)")
    precondition(hidden > 0, "the hidden size is \(hidden)")
    precondition(layers > 0, "the number of layers is \(layers)")
    precondition(outputs > 0, "the number of outputs is \(outputs)")
    precondition(0 <= dropout && dropout < 1, "dropout is \(dropout), not in 0..<1")
    precondition(0 <= recurrentDropout && recurrentDropout < 1, "not in 0..<1: \(recurrentDropout)")
    precondition((chronoSteps ?? 2) > 1, "a dependency of \(chronoSteps ?? 0) steps")
    precondition(!peepholes || cell == .lstm, "peepholes are of an LSTM")
    if isTied {
      guard case .tokens(let vocabulary, let embedding) = input else {
        preconditionFailure("weights are tied to an embedding")
      }
      precondition(
        vocabulary == outputs && embedding == outputWidth,
        "tied weights are [\(vocabulary), \(embedding)] and [\(outputs), \(outputWidth)]")
    }
  }
}

extension ModelPlan {
  /// Reads a plan; options that were not there when it was written have their defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ common: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? common
    }
    self.init(
      input: try container.decode(Input.self, forKey: .input),
      cell: try container.decode(Cell.self, forKey: .cell),
      nonlinearity: try value(.nonlinearity, .tanh),
      hidden: try container.decode(Int.self, forKey: .hidden), layers: try value(.layers, 1),
      dropout: try value(.dropout, 0), readout: try value(.readout, .last),
      outputs: try container.decode(Int.self, forKey: .outputs),
      forgetBias: try value(.forgetBias, 1))
    peepholes = try value(.peepholes, false)
    reset = try value(.reset, .after)
    isBidirectional = try value(.isBidirectional, false)
    isResidual = try value(.isResidual, false)
    normalization = try value(.normalization, .none)
    recurrentDropout = try value(.recurrentDropout, 0)
    isDropoutVariational = try value(.isDropoutVariational, false)
    isTied = try value(.isTied, false)
    initializer = try value(.initializer, .uniform)
    chronoSteps = try container.decodeIfPresent(Int.self, forKey: .chronoSteps)
    precision = try value(.precision, .float32)
  }
}
